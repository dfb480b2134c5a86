import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createClient,
  memoryStore,
  type Client,
  type ClientOptions,
  type ConnectionState,
  type StreamEvent,
} from '../src/index.ts'
import { memoryOutbox } from '../src/outbox/index.ts'
import { openStream, serve } from './kit/raw-server.ts'
import { settle, until } from './kit/until.ts'

/** The whole ladder in a few milliseconds. */
const QUICK = { fastMs: 1, baseMs: 5, capMs: 20, stableMs: 60_000 }

function open(options: ClientOptions): Client & { states: ConnectionState[]; errors: string[] } {
  const client = createClient({ ladder: QUICK, ...options })
  const states: ConnectionState[] = []
  const errors: string[] = []
  client.onState((state) => states.push(state))
  client.onError(({ code }) => errors.push(code))
  onTestFinished(() => client.close())
  return Object.assign(client, { states, errors })
}

const cursor = (offset: number): string => `1.e.m${offset.toString(36)}-${offset.toString(36)}`

describe('what handlers get', () => {
  it('hands over data, type and id, to handlers of the type and of all types', async () => {
    const { url } = await serve((_, response) =>
      openStream(response, 'id: 7\nevent: price\ndata: {"bid":4}\n\ndata: plain text\n\n'),
    )
    const client = open({ url })
    const all: StreamEvent[] = []
    const prices: unknown[] = []
    client.on('price', (data, event) => prices.push([data, event.id]))
    client.on('*', (_, event) => all.push(event))
    await until(() => all.length === 2)
    expect(prices).toEqual([[{ bid: 4 }, '7']])
    expect(all).toEqual([
      { type: 'price', data: { bid: 4 }, id: '7' },
      { type: 'message', data: 'plain text', id: '7' },
    ])
    expect(client.state).toMatchObject({ name: 'open', attempt: 0, endpoint: 0 })
    expect(client.lastEventId).toBe('7')
  })

  it('connects with the first handler, and not before', async () => {
    const server = await serve((_, response) => openStream(response, ': hi\n'))
    const client = open({ url: server.url })
    await settle()
    expect([client.state.name, server.requests.length]).toEqual(['idle', 0])
    client.on('*', () => {})
    await until(() => client.state.name === 'open')
    expect(client.states.map(({ name }) => name)).toEqual(['connecting', 'open'])
  })

  it('takes handlers away, also from within', async () => {
    const { url } = await serve((_, response) => openStream(response, 'data: 1\n\ndata: 2\n\n'))
    const client = open({ url })
    const seen: unknown[] = []
    const off = client.on('message', (data) => {
      seen.push(data)
      off()
    })
    client.on('message', (data) => seen.push(`other ${String(data)}`))
    await until(() => seen.length === 3)
    expect(seen).toEqual([1, 'other 1', 'other 2'])
  })

  it('reads on after a handler that throws or rejects, and reports it', async () => {
    const { url } = await serve((_, response) =>
      openStream(response, 'data: 1\n\ndata: 2\n\ndata: 3\n\n'),
    )
    const client = open({ url })
    const seen: unknown[] = []
    client.on('message', (data) => {
      seen.push(data)
      if (data === 1) throw new Error('boom')
      if (data === 2) return Promise.reject(new Error('late boom'))
      return undefined
    })
    await until(() => seen.length === 3)
    expect(client.errors).toEqual(['HL_CLIENT_HANDLER_FAILED', 'HL_CLIENT_HANDLER_FAILED'])
  })

  it('says aloud what nobody asked to be told', async () => {
    const { url } = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    const client = createClient({ url })
    onTestFinished(() => client.close())
    const spoken: unknown[] = []
    const { error } = console
    onTestFinished(() => void (console.error = error))
    console.error = (said) => spoken.push(said)
    client.on('message', () => {
      throw new Error('boom')
    })
    await until(() => spoken.length === 1)
    expect(String(spoken[0])).toContain('A handler of "message" threw: boom.')
  })

  it('waits for the promise of a handler before the next event, and reports one that hangs', async () => {
    const { url } = await serve((_, response) => openStream(response, 'data: 1\n\ndata: 2\n\n'))
    const client = open({ url, handlerMs: 20 })
    const seen: unknown[] = []
    let finish = (): void => {}
    client.on('message', (data) => {
      seen.push(data)
      return new Promise<void>((resolve) => (finish = resolve))
    })
    await until(() => client.errors.length > 0)
    expect([seen, client.errors, client.lastEventId]).toEqual([
      [1],
      ['HL_CLIENT_HANDLER_STUCK'],
      '',
    ])
    finish()
    await until(() => seen.length === 2)
  })

  it('checks data against a schema, and reports what is not valid', async () => {
    const { url } = await serve((_, response) =>
      openStream(
        response,
        'event: n\ndata: 1\n\nevent: n\ndata: "x"\n\nevent: n\ndata: 2\n\nevent: o\ndata: "any"\n\n',
      ),
    )
    const number = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof value === 'number'
            ? { value: value * 10 }
            : { issues: [{ message: 'not a number' }] },
      },
    }
    const client = createClient<{ n: number; o: string }>({ url, schemas: { n: number } })
    onTestFinished(() => client.close())
    const reports: string[] = []
    const seen: unknown[] = []
    client.onError((error) => reports.push(error.message))
    client.on('n', (data) => seen.push(data.toFixed(1)))
    client.on('o', (data) => seen.push(data.toUpperCase()))
    await until(() => seen.length === 3)
    expect(seen).toEqual(['10.0', '20.0', 'ANY'])
    expect(reports).toEqual(['The data of "n" is not valid: not a number.'])
  })

  it.each([undefined, null, 'yes', true, {}, { value: 1, issues: null }])(
    'takes nothing that a schema answers with %j, which is no answer',
    async (answer) => {
      const { url } = await serve((_, response) =>
        openStream(response, 'event: n\ndata: 1\n\nevent: o\ndata: 2\n\n'),
      )
      const schema = {
        '~standard': { version: 1, vendor: 'test', validate: () => answer },
      } as const
      const client = open({ url, schemas: { n: schema as never } })
      const seen: unknown[] = []
      client.on('n', (data) => seen.push(data))
      client.on('o', (data) => seen.push(data))
      await until(() => seen.length > 0)
      expect(seen).toEqual([2])
      expect(client.errors).toEqual(['HL_CLIENT_DATA_INVALID'])
    },
  )

  it('reads data as JSON or text as told', async () => {
    const { url } = await serve((_, response) => openStream(response, 'data: 1\n\ndata: x\n\n'))
    const text = open({ url, decode: 'text' })
    const json = open({ url, decode: 'json' })
    const seen: unknown[] = []
    text.on('message', (data) => seen.push(data))
    json.on('message', (data) => seen.push(data))
    await until(() => seen.length === 3 && json.errors.length === 1)
    expect(new Set(seen)).toEqual(new Set(['1', 'x', 1]))
    expect(json.errors).toEqual(['HL_CLIENT_DATA_INVALID'])
  })
})

describe('place', () => {
  it('comes back after the last event, and drops what its cursor covers', async () => {
    const server = await serve((request, response, n) => {
      const from = request.headers['last-event-id']
      openStream(response, 'retry: 1\n\n')
      if (n === 0) response.end(`id: ${cursor(1)}\ndata: 1\n\nid: ${cursor(2)}\ndata: 2\n\n`)
      // It repeats one, as a server may.
      else
        response.write(`id: ${cursor(2)}\ndata: 2\n\nid: ${cursor(3)}\ndata: "${String(from)}"\n\n`)
    })
    const client = open({ url: server.url })
    const seen: unknown[] = []
    client.on('message', (data) => seen.push(data))
    await until(() => seen.length === 3)
    expect(seen).toEqual([1, 2, cursor(2)])
    expect(client.lastEventId).toBe(cursor(3))
  })

  it('hands over repeated events at-least-once if asked to', async () => {
    const { url } = await serve((_, response) => {
      openStream(response, `id: ${cursor(2)}\ndata: 2\n\nid: ${cursor(2)}\ndata: 2\n\n`)
    })
    const client = open({ url, delivery: 'at-least-once' })
    const seen: unknown[] = []
    client.on('message', (data) => seen.push(data))
    await until(() => seen.length === 2)
  })

  it('takes events without an id of their own for new ones', async () => {
    const { url } = await serve((_, response) => {
      openStream(response, `id: ${cursor(2)}\ndata: 1\n\ndata: 2\n\ndata: 3\n\n`)
    })
    const client = open({ url })
    const seen: unknown[] = []
    client.on('message', (data) => seen.push(data))
    await until(() => seen.length === 3)
  })

  it('tells a gap, and believes what comes after it, even with smaller offsets', async () => {
    const { url } = await serve((_, response) => {
      openStream(
        response,
        `id: ${cursor(9)}\ndata: 9\n\n` +
          `event: heartline.gap\nid: ${cursor(4)}\ndata: {"from":"a","to":"b","reason":"diverged"}\n\n` +
          `id: ${cursor(5)}\ndata: 5\n\n`,
      )
    })
    const client = open({ url })
    const seen: unknown[] = []
    client.on('heartline.gap', (gap) => seen.push(gap.reason))
    client.on('*', (data) => seen.push(data))
    await until(() => seen.length === 4)
    expect(seen).toEqual([9, 'diverged', { from: 'a', to: 'b', reason: 'diverged' }, 5])
  })

  it('moves with ids of blocks without data', async () => {
    const server = await serve((_, response, n) => {
      openStream(response)
      if (n === 0) response.end('id: here\n\n')
    })
    const client = open({ url: server.url })
    client.connect()
    await until(() => server.requests.length === 2)
    expect(server.requests[1]?.headers['last-event-id']).toBe('here')
  })

  it('saves the place after the handler, and begins there next time', async () => {
    const server = await serve((_, response) => openStream(response, 'id: a\ndata: 1\n\n'))
    const saved: string[] = []
    const store = {
      load: () => 'before',
      save: (id: string) => {
        saved.push(id)
      },
    }
    const client = open({ url: server.url, store })
    let finish = (): void => {}
    client.on('message', () => new Promise<void>((resolve) => (finish = resolve)))
    await until(() => server.requests.length === 1)
    expect(server.requests[0]?.headers['last-event-id']).toBe('before')
    await settle()
    expect(saved).toEqual([])
    finish()
    await until(() => saved.length === 1)
    expect(saved).toEqual(['a'])
  })

  it('goes on without a store that throws, rejects or never answers, and reports it', async () => {
    const { url } = await serve((_, response) => openStream(response, 'id: a\ndata: 1\n\n'))
    const denied = (): never => {
      throw new Error('denied')
    }
    const client = open({
      url,
      store: { load: denied, save: () => Promise.reject(new Error('full')) },
    })
    const seen: unknown[] = []
    client.on('message', (data) => seen.push(data))
    await until(() => client.errors.length === 2)
    expect([seen, client.errors]).toEqual([
      [1],
      ['HL_CLIENT_STORE_FAILED', 'HL_CLIENT_STORE_FAILED'],
    ])
  })

  it('begins anew, with a gap, when the server does not know the place', async () => {
    const server = await serve((request, response) => {
      if (request.headers['last-event-id'] === undefined) {
        openStream(response, `id: ${cursor(1)}\ndata: 1\n\n`)
        return
      }
      response.writeHead(400, { 'content-type': 'application/problem+json' })
      response.end('{"code":"HL_CURSOR_INVALID","detail":"no"}')
    })
    const client = open({ url: server.url, store: memoryStore('1.old.m1-1') })
    const seen: unknown[] = []
    client.on('*', (data) => seen.push(data))
    await until(() => seen.length === 2)
    expect(seen).toEqual([{ reason: 'invalid', from: '1.old.m1-1' }, 1])
  })

  it('sends the place in the query if asked to', async () => {
    const server = await serve((_, response, n) => {
      openStream(response)
      if (n === 0) response.end('id: a b\ndata: 1\n\n')
    })
    const client = open({ url: `${server.url}/?x=1`, resumeBy: 'query' })
    client.connect()
    await until(() => server.requests.length === 2)
    expect(server.requests[1]?.url).toBe('/?x=1&lastEventId=a+b')
    expect(server.requests[1]?.headers['last-event-id']).toBeUndefined()
  })
})

describe('a fetch of the caller', () => {
  it('may spread the fields of every request, and loses none', async () => {
    const server = await serve((request, response, n) => {
      if (request.method === 'POST') {
        return response.writeHead(201).end('[{"id":"8","duplicate":false}]')
      }
      openStream(response, `id: 7\ndata: ${n}\n\n`)
      if (n === 0) response.end()
      return undefined
    })
    const add: typeof fetch = (input, init) =>
      fetch(input, {
        ...init,
        headers: { ...(init?.headers as Record<string, string>), 'x-own': 'yes' },
      })
    const client = open({ url: server.url, fetch: add, token: 't', outbox: memoryOutbox() })
    client.on('*', () => {})
    await until(() => server.requests.length === 2)
    await client.publish([{ topic: 'a', data: 'x' }])
    const [first, second, post] = server.requests.map(({ headers }) => headers)
    const all = { 'x-own': 'yes', authorization: 'Bearer t' }
    const stream = { ...all, accept: 'text/event-stream' }
    expect([first, second]).toMatchObject([stream, { ...stream, 'last-event-id': '7' }])
    expect(post).toMatchObject({ ...all, 'content-type': 'application/json' })
  })
})

describe('iterating', () => {
  it('closes the client when its loop is left, with the event that was at work handled', async () => {
    const { url } = await serve((_, response) =>
      openStream(response, 'id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\n'),
    )
    const client = open({ url })
    const seen: unknown[] = []
    for await (const { data } of client) {
      seen.push(data)
      if (data === 2) break
    }
    expect([seen, client.state.name, client.lastEventId]).toEqual([[1, 2], 'closed', '2'])
  })

  it('throws what ended the stream for good', async () => {
    const { url } = await serve((_, response) => response.writeHead(403).end('no'))
    const client = open({ url })
    const loop = (async () => {
      for await (const _ of client);
    })()
    await expect(loop).rejects.toMatchObject({
      code: 'HL_CLIENT_REFUSED',
      details: { status: 403 },
    })
  })

  it('ends quietly when the client is closed', async () => {
    const { url } = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    const client = open({ url })
    const seen: unknown[] = []
    for await (const { data } of client) {
      seen.push(data)
      setTimeout(() => client.close(), 10)
    }
    expect(seen).toEqual([1])
  })

  it('stops reading when the loop is slow: the server feels it, and nothing is lost', async () => {
    const line = `data: ${'x'.repeat(4000)}\n\n`
    let written = 0
    const { url } = await serve(async (_, response) => {
      openStream(response)
      for (; written < 20_000 && !response.destroyed; written++) {
        if (!response.write(line)) {
          await once(response, 'drain').catch(() => {})
        }
      }
    })
    const client = open({ url })
    const events = client.events({ limit: 3 })
    await events.next()
    await settle(300)
    const stuckAt = written
    await settle(200)
    expect(written).toBe(stuckAt)
    expect(written).toBeLessThan(20_000)
    for (let n = 0; n < stuckAt; n++) expect((await events.next()).value?.data).toHaveLength(4000)
  })

  it('refuses a bound that is none at once, and takes 0 for 1', async () => {
    const { url } = await serve((_, response) =>
      openStream(response, 'data: 1\n\ndata: 2\n\ndata: 3\n\n'),
    )
    const client = open({ url })
    for (const limit of [-1, Number.NaN]) {
      expect(() => client.events({ limit })).toThrow(
        expect.objectContaining({ code: 'HL_CLIENT_OPTION_INVALID' }),
      )
    }
    const queue = client.events({ limit: 0, overflow: 'drop-oldest' })
    const seen: unknown[] = []
    client.on('message', (data) => seen.push(data))
    await until(() => seen.length === 3)
    expect((await queue.next()).value).toMatchObject({ data: { dropped: 2 } })
    expect((await queue.next()).value).toMatchObject({ data: 3 })
  })

  it('drops the oldest and says so, if asked to', async () => {
    const text = Array.from({ length: 10 }, (_, n) => `id: ${n}\ndata: ${n}\n\n`).join('')
    const { url } = await serve((_, response) => openStream(response, text))
    const client = open({ url })
    const events = client.events({ limit: 3, overflow: 'drop-oldest' })
    await until(() => client.lastEventId === '6')
    const seen: unknown[] = []
    for await (const { data } of events) {
      seen.push(data)
      if (seen.length === 4) break
    }
    expect(seen).toEqual([{ reason: 'overflow', from: '0', to: '6', dropped: 7 }, 7, 8, 9])
    expect([client.state.name, client.lastEventId]).toEqual(['open', '9'])
  })
})
