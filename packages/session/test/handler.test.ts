import http from 'node:http'
import http2 from 'node:http2'
import net, { type AddressInfo, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createStreamListener,
  stream,
  StreamMetrics,
  type NodeRequest,
  type NodeResponse,
  type NodeStreamOptions,
  type Session,
  type StreamHandler,
} from '../src/index.ts'
import { fetchClient, http1Client, http2Client } from './kit/clients.ts'
import { sleep, until } from './kit/reader.ts'
import type { Client, ConnectOptions } from './kit/target.ts'

type Handler = StreamHandler<never>

interface Served {
  readonly connect: (options?: ConnectOptions) => Client
  readonly refused: unknown[]
}

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function listen(make: () => Server, connect: (port: number) => Client): Promise<Client[]> {
  const server = make()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => void server.close())
  const { port } = server.address() as AddressInfo
  return [connect(port)]
}

const overNode =
  (
    makeServer: (listener: (q: NodeRequest, s: NodeResponse) => void) => Server,
    connect: (port: number, tls: boolean, options?: ConnectOptions) => Client,
  ) =>
  async (handler: Handler, options: NodeStreamOptions = {}): Promise<Served> => {
    const refused: unknown[] = []
    const onRefused = (error: unknown): void => void refused.push(error)
    const listener = createStreamListener(handler as never, { ...options, onRefused })
    const server = makeServer(listener)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const clients: Client[] = []
    cleanups.push(() => {
      for (const client of clients) client.leave()
      server.close()
    })
    return {
      refused,
      connect: (how) => {
        const client = connect(port, false, how)
        clients.push(client)
        return client
      },
    }
  }

const overFetch = (handler: Handler, options: NodeStreamOptions = {}): Promise<Served> => {
  const refused: unknown[] = []
  const answer = (request: Request): Promise<Response> =>
    stream(request, handler as never, options as object).catch((error: unknown) => {
      refused.push(error)
      return new Response('refused', { status: (error as { status?: number }).status ?? 500 })
    })
  return Promise.resolve({ refused, connect: (how) => fetchClient(answer, how) })
}

const targets = [
  ['node:http', overNode((listener) => http.createServer(listener), http1Client)],
  [
    'node:http2',
    overNode((listener) => http2.createServer(listener) as unknown as Server, http2Client),
  ],
  ['Fetch', overFetch],
] as const

describe.each(targets)('A handler on %s', (_, serve) => {
  it('feeds a stream that stays open when it returns', async () => {
    const { connect } = await serve((session: Session) => {
      session.send({ data: 'one' })
    })
    const client = connect()
    expect((await client.head).status).toBe(200)
    await until(() => client.received.events.length === 1)
    await sleep(100)
    expect(client.gone).toBe(false)
  })

  it('sends the first bytes although it sends nothing', async () => {
    const { connect } = await serve(() => new Promise(() => {}))
    const client = connect()
    await until(() => client.received.text.includes('retry:'))
  })

  it('ends the stream when it is done, if it is told to', async () => {
    const metrics = new StreamMetrics()
    const handler = async (session: Session): Promise<void> => {
      session.send({ data: 'one' })
      await sleep(5)
      session.send({ data: 'two' })
    }
    const { connect } = await serve(handler as never, {
      closeWhenDone: true,
      monitor: metrics.monitor('x'),
    })
    const client = connect()
    await until(() => client.finished)
    expect(client.received.events.map(({ data }) => data)).toEqual(['one', 'two'])
    expect(metrics.counts('x')).toMatchObject({ open: 0, ended: { finished: 1 }, handlers: 0 })
  })

  it('is cancelled at once when the reader goes while it waits for something', async () => {
    let reason: unknown
    const { connect } = await serve(async (session: Session, signal: AbortSignal) => {
      session.send({ data: 'here' })
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      reason = signal.reason
    })
    const client = connect()
    await until(() => client.received.events.length === 1)
    client.leave()
    await until(() => reason !== undefined)
    expect(reason).toMatchObject({ code: 'HL_SESSION_ENDED', details: { reason: 'disconnected' } })
  })

  it('that throws at once is answered with a real status, and counts as no stream', async () => {
    const metrics = new StreamMetrics()
    const failure = new Error('no database')
    let cleaned = 0
    const { connect, refused } = await serve(
      async (session: Session) => {
        session.onCleanup(() => cleaned++)
        await Promise.resolve()
        throw failure
      },
      { monitor: metrics.monitor('x') },
    )
    const client = connect()
    expect((await client.head).status).toBe(500)
    expect(refused).toEqual([failure])
    expect(cleaned).toBe(1)
    expect(metrics.counts('x')).toMatchObject({ opened: 0, open: 0, errors: 0, handlers: 0 })
  })

  it('that throws later ends the stream, and somebody is told', async () => {
    const errors: unknown[] = []
    const metrics = new StreamMetrics({ onError: (error) => void errors.push(error) })
    const failure = new Error('lost the database')
    const handler = async (session: Session): Promise<void> => {
      session.send({ data: 'one' })
      await sleep(5)
      throw failure
    }
    const { connect, refused } = await serve(handler as never, { monitor: metrics.monitor('x') })
    const client = connect()
    await until(() => client.gone)
    expect(client.received.events).toHaveLength(1)
    expect([errors, refused]).toEqual([[failure], []])
    expect(metrics.counts('x')).toMatchObject({ ended: { 'handler-error': 1 }, errors: 1 })
  })

  it('is told what became of an event after the end', async () => {
    const results: unknown[] = []
    const { connect } = await serve(async (session: Session) => {
      results.push(session.send({ data: 'one' }))
      session.close()
      results.push(session.send({ data: 'two' }))
      await session.closed
      results.push(session.send({ data: 'three' }), session.comment('four'))
    })
    const client = connect()
    await until(() => results.length === 4)
    expect(results).toEqual(['written', 'over', 'over', 'over'])
    await until(() => client.finished)
    expect(client.received.events).toHaveLength(1)
  })

  it('that takes too long ends its stream', async () => {
    const errors: unknown[] = []
    const monitor = { onError: (error: unknown) => void errors.push(error) }
    const { connect } = await serve(() => new Promise(() => {}), { handlerTimeoutMs: 30, monitor })
    const client = connect()
    await until(() => client.gone)
    expect(errors).toMatchObject([{ code: 'HL_HANDLER_TIMEOUT' }])
  })

  it('has each clean-up called once, the newest first, whatever another throws', async () => {
    const calls: string[] = []
    const errors: unknown[] = []
    const monitor = { onError: (error: unknown) => void errors.push(error) }
    const { connect } = await serve(
      (session: Session) => {
        session.onCleanup(({ reason }) => calls.push(`first ${reason}`))
        session.onCleanup(() => {
          throw new Error('broken')
        })
        session.onCleanup(() => Promise.reject(new Error('late')))
        session.onCleanup(() => calls.push('last'))
        session.onCleanup(() => calls.push('taken back'))()
        session.send({ data: 'one' })
      },
      { monitor },
    )
    const client = connect()
    await until(() => client.received.events.length === 1)
    client.leave()
    await until(() => calls.length === 2 && errors.length === 2)
    await sleep(20)
    expect(calls).toEqual(['last', 'first disconnected'])
    expect(errors.map(String)).toEqual(['Error: broken', 'Error: late'])
  })

  it('is not called when authorize refuses, and gets what authorize says of the session', async () => {
    let calls = 0
    let expiry: number | undefined
    const { connect } = await serve(
      (session: Session) => {
        calls++
        session.send({ data: 'in' })
      },
      {
        authorize: async () => {
          await sleep(20)
          if (expiry === undefined) throw Object.assign(new Error('who?'), { status: 401 })
          return { expiresAtMs: expiry }
        },
      },
    )
    expect((await connect().head).status).toBeGreaterThanOrEqual(401)
    expect(calls).toBe(0)
    expiry = Date.now() + 400
    const client = connect()
    await until(() => client.gone)
    expect(client.received.events.map(({ data, type }) => type || data)).toContain(
      'heartline.expired',
    )
  })

  it('is not called for a reader that left while it was authorized', async () => {
    let calls = 0
    const pending: (() => void)[] = []
    const { connect } = await serve(() => calls++, {
      authorize: () => new Promise<void>((resolve) => void pending.push(resolve)),
    })
    const client = connect()
    await until(() => pending.length === 1)
    client.leave()
    await sleep(50)
    pending[0]!()
    await sleep(50)
    expect(calls).toBe(0)
  })

  it('is not called for HEAD', async () => {
    let calls = 0
    const { connect } = await serve(() => calls++)
    const { status, headers } = await connect({ method: 'HEAD' }).head
    expect([status, headers['content-type'], calls]).toEqual([200, 'text/event-stream', 0])
  })

  it('is refused as no function, and with options out of bounds', async () => {
    const { connect, refused } = await serve('nothing' as never)
    expect((await connect().head).status).toBe(500)
    const other = await serve(() => {}, { handlerTimeoutMs: -1 })
    await other.connect().head
    const third = await serve(() => {}, { heartbeatMs: 3 })
    await third.connect().head
    expect([...refused, ...other.refused, ...third.refused]).toMatchObject([
      { code: 'HL_HANDLER_INVALID' },
      { code: 'HL_OPTION_INVALID' },
      { code: 'HL_OPTION_INVALID' },
    ])
  })
})

describe('A second stream for one request', () => {
  it('is refused, and the first goes on', async () => {
    const errors: unknown[] = []
    const server = http.createServer((request, response) => {
      const once = (data: string): Promise<unknown> =>
        stream(request, response, (session) => void session.send({ data }))
      void once('one')
      once('two').catch((error: unknown) => errors.push(error))
      setTimeout(() => void once('three').catch((error: unknown) => errors.push(error)), 50)
    })
    const [client] = await listen(
      () => server,
      (port) => http1Client(port, false),
    )
    await until(() => errors.length === 2)
    expect(errors).toMatchObject([{ code: 'HL_HEAD_SENT' }, { code: 'HL_HEAD_SENT' }])
    expect(client!.received.events.map(({ data }) => data)).toEqual(['one'])
    expect(client!.gone).toBe(false)
    client!.leave()
  })

  it('is refused where something else was sent', async () => {
    const errors: unknown[] = []
    const server = http.createServer((request, response) => {
      response.writeHead(200).write('hello')
      stream(request, response, () => {}).catch((error: unknown) => {
        errors.push(error)
        response.end()
      })
    })
    const [client] = await listen(
      () => server,
      (port) => http1Client(port, false),
    )
    await until(() => client!.finished)
    expect(errors).toMatchObject([{ code: 'HL_HEAD_SENT' }])
  })

  it('is taken when the first was refused, as by a page of errors that is a stream', async () => {
    const codes: unknown[] = []
    const server = http.createServer((request, response) => {
      const fails = (): never => {
        throw new Error('no database')
      }
      stream(request, response, fails).catch((error: unknown) => {
        codes.push((error as Error).message)
        return stream(request, response, (session) => void session.send({ data: 'sorry' }))
      })
    })
    const [client] = await listen(
      () => server,
      (port) => http1Client(port, false),
    )
    await until(() => client!.received.events.length === 1)
    expect(client!.received.events[0]).toMatchObject({ data: 'sorry' })
    expect(codes).toEqual(['no database'])
    const request = new Request('http://localhost/')
    const refused = stream(request, () => Promise.reject(new Error('no database')))
    await expect(refused).rejects.toThrow('no database')
    const response = await stream(request, (session) => session.close())
    await response.text()
    client!.leave()
  })

  it('of a Fetch request is refused', async () => {
    const request = new Request('http://localhost/')
    const response = await stream(request, (session) => session.close())
    await expect(stream(request, () => {})).rejects.toMatchObject({ code: 'HL_HEAD_SENT' })
    await response.text()
  })
})

describe('A request of Node', () => {
  it('is not taken for one of Fetch, whatever others put on it', async () => {
    const server = http.createServer((request, response) => {
      const { signal } = new AbortController()
      void stream(Object.assign(request, { signal }), response, (session) => {
        session.send({ data: 'hello' })
      })
    })
    const [client] = await listen(
      () => server,
      (port) => http1Client(port, false),
    )
    await until(() => client!.received.events.length === 1)
    expect(client!.received.events[0]).toMatchObject({ data: 'hello' })
    client!.leave()
  })
})

describe('What a server closes', () => {
  it('ends the streams of 100 readers in order, with a time to come back', async () => {
    const server = http.createServer(createStreamListener(() => {}))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const agent = new http.Agent({ keepAlive: true })
    const clients = Array.from({ length: 100 }, () => http1Client(port, false))
    await until(() => clients.every(({ received }) => received.text.includes('retry')))
    const start = performance.now()
    await new Promise((resolve) => server.close(resolve))
    // Milliseconds; without the end of the streams, five seconds and more.
    expect(performance.now() - start).toBeLessThan(3_000)
    await until(() => clients.every(({ finished }) => finished))
    expect(clients.every(({ received }) => received.text.includes('heartline.drain'))).toBe(true)
    agent.destroy()
  })

  it('does not wait for connections that were opened ahead of a request', async () => {
    const server = http.createServer(createStreamListener(() => {}))
    const sockets: net.Socket[] = []
    server.on('connection', (socket) => void sockets.push(socket))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const client = http1Client(port, false)
    await until(() => client.received.text.includes('retry'))
    const ahead = net.connect(port, '127.0.0.1')
    const half = net.connect(port, '127.0.0.1')
    const closed: net.Socket[] = []
    for (const socket of [ahead, half]) socket.once('close', () => closed.push(socket))
    half.write('GET / HTTP/1.1\r\nHost: localhost\r\n')
    await until(() => sockets.length === 3)
    await until(() => sockets.filter(({ bytesRead }) => bytesRead > 0).length === 2)
    const end = new Promise((resolve) => server.close(resolve))
    await until(() => closed.includes(ahead))
    expect(closed).not.toContain(half)
    half.end('\r\n').resume()
    await end
    await until(() => client.finished)
  })

  it('cuts a reader that takes nothing', async () => {
    let session: Session | undefined
    const server = http.createServer((request, response) => {
      void stream(request, response, (opened) => {
        session = opened
        for (let i = 0; i < 200 && !opened.isBlocked; i++) opened.send({ data: 'x'.repeat(65_536) })
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const client = http1Client((server.address() as AddressInfo).port, false, { paused: true })
    await until(() => session?.isBlocked)
    const start = performance.now()
    await new Promise((resolve) => server.close(resolve))
    expect(performance.now() - start).toBeLessThan(3_000)
    client.leave()
  })
})
