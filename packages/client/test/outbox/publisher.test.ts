import { describe, expect, it, onTestFinished } from 'vitest'
import { createClient, type Client, type ClientOptions } from '../../src/index.ts'
import {
  createOutbox,
  memoryOutbox,
  type OutboxEntry,
  type OutboxStore,
} from '../../src/outbox/index.ts'
import { openStream, RawServer, serve, type Handler } from '../kit/raw-server.ts'
import { settle, until } from '../kit/until.ts'

function open(options: ClientOptions): Client {
  const client = createClient({
    ladder: { fastMs: 1, baseMs: 5, capMs: 20 },
    outbox: memoryOutbox(),
    ...options,
  })
  onTestFinished(() => client.close())
  return client
}

/** Stores what is posted, each publish id once. */
function storing(stored: Map<string, unknown>): Handler {
  return (_, response, __, body) => {
    const events = JSON.parse(body) as { publishId: string; data: unknown }[]
    const results = events.map(({ publishId, data }) => {
      const duplicate = stored.has(publishId)
      stored.set(publishId, data)
      return { id: publishId, duplicate }
    })
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(results))
  }
}

async function serveStore(): Promise<{ server: RawServer; stored: Map<string, unknown> }> {
  const stored = new Map<string, unknown>()
  return { server: await serve(storing(stored)), stored }
}

describe('publishing', () => {
  it('posts to the path of the stream, with a token and a publish id for each event', async () => {
    const { server, stored } = await serveStore()
    const client = open({ url: `${server.url}/v1/events?topic=a`, token: 'T' })
    const [result] = await client.publish({ topic: 'a', data: 1 })
    const two = await client.publish([
      { topic: 'a', data: 2, publishId: 'mine' },
      { topic: 'b', data: 3 },
    ])
    const [request] = server.requests
    expect([request?.method, request?.url, request?.headers.authorization]).toEqual([
      'POST',
      '/v1/events',
      'Bearer T',
    ])
    expect(result?.id).toMatch(/^[0-9a-f]{32}$/)
    expect(await client.publish([])).toEqual([])
    expect(two[0]).toEqual({ id: 'mine', duplicate: false })
    expect([...stored.values()]).toEqual([1, 2, 3])
    expect([client.state.name, client.waiting]).toEqual(['idle', 0])
  })

  it('sends calls in order, one at a time, through an outage', async () => {
    const { server, stored } = await serveStore()
    const { port, url } = server
    await server.close()
    const client = open({ url })
    const results = [1, 2, 3].map((data) => client.publish({ topic: 'a', data }))
    await settle()
    expect(client.waiting).toBe(3)
    const again = await new RawServer(storing(stored)).listen(port)
    onTestFinished(() => again.close())
    await Promise.all(results)
    expect([...stored.values()]).toEqual([1, 2, 3])
  })

  it('repeats a request whose answer was lost, and it is stored once', async () => {
    const { server, stored } = await serveStore()
    const store = server.handler
    server.handler = (request, response, n, body) => {
      if (n > 0) return store(request, response, n, body)
      const [event] = JSON.parse(body) as { publishId: string; data: unknown }[]
      stored.set(event?.publishId ?? '', event?.data)
      return request.socket.destroy()
    }
    const client = open({ url: server.url })
    expect(await client.publish({ topic: 'a', data: 1 })).toMatchObject([{ duplicate: true }])
    expect([stored.size, server.requests.length]).toEqual([1, 2])
  })

  it('waits as Retry-After says, refreshes a token once, and gives up when it is refused', async () => {
    const { server } = await serveStore()
    const store = server.handler
    server.handler = (request, response, n, body) => {
      if (n === 0) return response.writeHead(503, { 'retry-after': '1' }).end()
      if (request.headers.authorization !== 'Bearer fresh') return response.writeHead(401).end()
      if (body.includes('"bad"')) return response.writeHead(400).end('{"code":"HL_NO"}')
      return store(request, response, n, body)
    }
    const startedAt = Date.now()
    const client = open({ url: server.url, token: ({ refresh }) => (refresh ? 'fresh' : 'stale') })
    await client.publish({ topic: 'a', data: 1 })
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(990)
    await expect(client.publish({ topic: 'a', data: 'bad' })).rejects.toMatchObject({
      code: 'HL_CLIENT_REFUSED',
      details: { status: 400, code: 'HL_NO' },
    })
    await client.publish({ topic: 'a', data: 2 })
  })

  it('tries again after an answer that does not come', async () => {
    const { server, stored } = await serveStore()
    const store = server.handler
    server.handler = (request, response, n, body) =>
      n === 0 ? undefined : store(request, response, n, body)
    const client = open({ url: server.url, outbox: memoryOutbox({ timeoutMs: 50 }) })
    await client.publish({ topic: 'a', data: 1 })
    expect(stored.size).toBe(1)
  })

  it('refuses at once what JSON cannot say, and sends what follows', async () => {
    const { server, stored } = await serveStore()
    const client = open({ url: server.url })
    await expect(client.publish({ topic: 'a', data: 1n })).rejects.toMatchObject({
      code: 'HL_CLIENT_DATA_INVALID',
    })
    await client.publish({ topic: 'a', data: 2 })
    expect([[...stored.values()], client.waiting]).toEqual([[2], 0])
  })

  it('tries again after a token that does not come', async () => {
    const { server, stored } = await serveStore()
    let asked = 0
    const token = (): Promise<string> =>
      asked++ === 0 ? new Promise(() => {}) : Promise.resolve('T')
    const client = open({ url: server.url, token, outbox: memoryOutbox({ timeoutMs: 50 }) })
    await client.publish({ topic: 'a', data: 1 })
    expect(stored.size).toBe(1)
  })

  it('refuses more than may wait, and what waits when it is closed', async () => {
    const client = open({ url: 'http://127.0.0.1:9', outbox: memoryOutbox({ maxWaiting: 1 }) })
    const first = client.publish({ topic: 'a', data: 1 })
    await expect(client.publish({ topic: 'a', data: 2 })).rejects.toMatchObject({
      code: 'HL_CLIENT_OUTBOX_FULL',
    })
    client.close()
    await expect(first).rejects.toMatchObject({ code: 'HL_CLIENT_CLOSED' })
    await expect(client.publish({ topic: 'a', data: 3 })).rejects.toMatchObject({
      code: 'HL_CLIENT_CLOSED',
    })
  })

  it('keeps what waits in an outbox, and the next client sends it first', async () => {
    const { server, stored } = await serveStore()
    const entries = new Map<string, OutboxEntry>()
    const store: OutboxStore = {
      load: () => [...entries.values()],
      add: (entry) => void entries.set(entry.id, entry),
      remove: (id) => void entries.delete(id),
    }
    const outbox = createOutbox(store)
    const before = open({ url: 'http://127.0.0.1:9', outbox })
    const lost = [1, 2].map((data) => before.publish({ topic: 'a', data }).catch(() => {}))
    await settle(20)
    before.close()
    await Promise.all(lost)
    const after = open({ url: server.url, outbox })
    await after.publish({ topic: 'a', data: 3 })
    expect([...stored.values()]).toEqual([1, 2, 3])
    await until(() => after.waiting === 0)
    await until(() => entries.size === 0)
  })

  it('hands what waits in memory to the next client with the same outbox', async () => {
    const outbox = memoryOutbox()
    const { server, stored } = await serveStore()
    const before = open({ url: 'http://127.0.0.1:9', outbox })
    const lost = before.publish({ topic: 'a', data: 1 }).catch(() => {})
    before.close()
    await lost
    const after = open({ url: server.url, outbox })
    await after.publish({ topic: 'a', data: 2 })
    expect([...stored.values()]).toEqual([1, 2])
  })

  it('keeps what was published as it was then, whatever becomes of the objects', async () => {
    const outbox = memoryOutbox()
    const { server, stored } = await serveStore()
    const before = open({ url: 'http://127.0.0.1:9', outbox })
    const data = { n: 1, at: new Date(0) }
    const lost = before.publish({ topic: 'a', data }).catch(() => {})
    data.n = 2
    before.close()
    await lost
    const after = open({ url: server.url, outbox })
    after.wake()
    await until(() => stored.size === 1)
    expect([...stored.values()]).toEqual([{ n: 1, at: '1970-01-01T00:00:00.000Z' }])
  })

  it('of two clients with one outbox sends what each of them published, once', async () => {
    const outbox = memoryOutbox()
    const servers = [await serveStore(), await serveStore()]
    const clients = servers.map(({ server }) => open({ url: server.url, outbox }))
    const results = [1, 2, 3, 4, 5].flatMap((n) =>
      clients.map((client, index) => client.publish({ topic: 'a', data: `${index} ${n}` })),
    )
    // Looks for what others left, while the other is at work.
    for (const client of clients) client.wake()
    const ids = (await Promise.all(results)).flat().map(({ id }) => id)
    servers.forEach(({ server, stored }, index) => {
      const own = [1, 2, 3, 4, 5].map((n) => `${index} ${n}`)
      expect([[...stored.values()], server.requests.length]).toEqual([own, 5])
      expect(ids.filter((_, at) => at % 2 === index)).toEqual([...stored.keys()])
    })
  })

  it('of two clients with one outbox sends what the other left when it was closed', async () => {
    const outbox = memoryOutbox()
    const { server, stored } = await serveStore()
    const lost = open({ url: 'http://127.0.0.1:9', outbox })
    const client = open({ url: server.url, outbox })
    const left = lost.publish({ topic: 'a', data: 1 }).catch(({ code }: { code: string }) => code)
    await client.publish({ topic: 'a', data: 2 })
    expect([...stored.values()]).toEqual([2])
    lost.close()
    expect(await left).toBe('HL_CLIENT_CLOSED')
    await client.publish({ topic: 'a', data: 3 })
    client.wake()
    await until(() => stored.size === 3)
    expect(new Set(stored.values())).toEqual(new Set([1, 2, 3]))
  })

  it('says what is missing without an outbox', async () => {
    const client = open({ url: 'http://127.0.0.1:9', outbox: undefined })
    expect(client.waiting).toBe(0)
    await expect(client.publish({ topic: 'a', data: 1 })).rejects.toMatchObject({
      code: 'HL_CLIENT_OPTION_INVALID',
      message: 'The option outbox is missing: publishing needs one, as memoryOutbox().',
    })
  })

  it('refuses bounds that are none', () => {
    expect(() => memoryOutbox({ maxWaiting: -1 })).toThrow(
      expect.objectContaining({ code: 'HL_CLIENT_OPTION_INVALID' }),
    )
  })

  it('goes on when the outbox fails, and reports it', async () => {
    const { server, stored } = await serveStore()
    const denied = (): never => {
      throw new Error('denied')
    }
    const client = open({
      url: server.url,
      outbox: createOutbox({ load: denied, add: denied, remove: denied }),
    })
    const errors: string[] = []
    client.onError(({ code }) => errors.push(code))
    await client.publish({ topic: 'a', data: 1 })
    await until(() => errors.length === 3)
    expect([stored.size, new Set(errors)]).toEqual([1, new Set(['HL_CLIENT_STORE_FAILED'])])
  })

  it('sends once what is published while the outbox is read', async () => {
    const { server, stored } = await serveStore()
    const kept: OutboxEntry[] = []
    let answer: ((entries: OutboxEntry[]) => void) | undefined
    const store: OutboxStore = {
      load: () => new Promise((resolve) => (answer = resolve)),
      add: (entry) => void kept.push(entry),
      remove: () => {},
    }
    const client = open({ url: server.url, outbox: createOutbox(store) })
    const first = client.publish({ topic: 'a', data: 1 })
    const second = client.publish({ topic: 'a', data: 2 })
    await until(() => kept.length === 2)
    answer?.([...kept])
    expect((await Promise.all([first, second])).flat().map(({ duplicate }) => duplicate)).toEqual([
      false,
      false,
    ])
    expect([[...stored.values()], server.requests.length]).toEqual([[1, 2], 2])
  })

  it('goes on without an outbox that does not answer, and reports it', async () => {
    const { server, stored } = await serveStore()
    const silent = (): Promise<never> => new Promise(() => {})
    const client = open({
      url: server.url,
      outbox: createOutbox({ load: silent, add: silent, remove: silent }),
    })
    const errors: string[] = []
    client.onError(({ code }) => errors.push(code))
    await client.publish({ topic: 'a', data: 1 })
    expect([stored.size, errors]).toEqual([1, ['HL_CLIENT_STORE_FAILED', 'HL_CLIENT_STORE_FAILED']])
  })

  it('looks again, when a stream opens, for what others have left', async () => {
    const { server, stored } = await serveStore()
    const store = server.handler
    server.handler = (request, response, n, body) =>
      request.method === 'POST' ? store(request, response, n, body) : openStream(response, ':\n\n')
    const left: OutboxEntry[] = []
    const outbox = createOutbox({
      load: () => [...left],
      add: () => {},
      remove: (id) => void left.splice(left.findIndex((entry) => entry.id === id)),
    })
    const client = open({ url: server.url, outbox })
    client.connect()
    await until(() => client.state.name === 'open')
    left.push({ id: 'x', events: [{ topic: 'a', data: 1, publishId: 'p' }] })
    server.cut()
    await until(() => left.length === 0)
    expect([...stored]).toEqual([['p', 1]])
  })

  it('sends nothing after the end, also when an entry is kept only then', async () => {
    const { server } = await serveStore()
    let keep = (): void => {}
    const store: OutboxStore = {
      load: () => [],
      add: () => new Promise((resolve) => (keep = resolve)),
      remove: () => {},
    }
    const client = open({ url: server.url, outbox: createOutbox(store) })
    const lost = client.publish({ topic: 'a', data: 1 }).catch(({ code }: { code: string }) => code)
    await settle()
    client.close()
    keep()
    expect(await lost).toBe('HL_CLIENT_CLOSED')
    await fetch(server.url, { method: 'POST', body: '[]' })
    await settle()
    expect(server.requests.length).toBe(1)
  })

  it('sends nothing after the end, also when the outbox answers only then', async () => {
    const { server } = await serveStore()
    let answer: ((entries: OutboxEntry[]) => void) | undefined
    const store: OutboxStore = {
      load: () => new Promise((resolve) => (answer = resolve)),
      add: () => {},
      remove: () => {},
    }
    const client = open({ url: server.url, outbox: createOutbox(store) })
    const errors: string[] = []
    client.onError(({ code }) => errors.push(code))
    const lost = client.publish({ topic: 'a', data: 1 }).catch(({ code }: { code: string }) => code)
    await until(() => answer !== undefined)
    client.close()
    answer?.([{ id: 'x', events: [{ topic: 'a', data: 2 }] }])
    expect(await lost).toBe('HL_CLIENT_CLOSED')
    await settle()
    expect([server.requests.length, errors]).toEqual([0, []])
  })
})
