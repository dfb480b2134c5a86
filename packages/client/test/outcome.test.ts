import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createClient,
  type Client,
  type ClientOptions,
  type ConnectionState,
} from '../src/index.ts'
import { openStream, serve } from './kit/raw-server.ts'
import { settle, until } from './kit/until.ts'

const QUICK = { fastMs: 1, baseMs: 5, capMs: 20 }

function open(options: ClientOptions): Client & { states: ConnectionState[]; seen: unknown[] } {
  const client = createClient({ ladder: QUICK, ...options })
  const states: ConnectionState[] = []
  const seen: unknown[] = []
  client.onState((state) => states.push(state))
  onTestFinished(() => client.close())
  client.on('*', (data) => seen.push(data))
  return Object.assign(client, { states, seen })
}

/** A server of bytes. */
async function serveRaw(handler: (socket: Socket) => unknown): Promise<string> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => handler(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** How a client ends, or what it waits after. */
async function ending(client: Client): Promise<{ name: string; code: string | undefined }> {
  await until(() => ['waiting', 'closed'].includes(client.state.name))
  return { name: client.state.name, code: client.state.lastError?.code }
}

async function afterWait(client: { states: ConnectionState[] }): Promise<string | undefined> {
  await until(() => client.states.some(({ name }) => name === 'waiting'))
  return client.states.find(({ name }) => name === 'waiting')?.lastError?.code
}

describe('an answer that is no stream', () => {
  it('204 stops for good', async () => {
    const { url } = await serve((_, response) => response.writeHead(204).end())
    expect(await ending(open({ url }))).toEqual({ name: 'closed', code: 'HL_CLIENT_NO_CONTENT' })
  })

  it('200 with HTML stops: the address is wrong', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')
    })
    const client = open({ url })
    expect(await ending(client)).toEqual({ name: 'closed', code: 'HL_CLIENT_CONTENT_TYPE' })
    expect(client.state.lastError?.message).toContain('"text/html", not text/event-stream')
  })

  it('200 with HTML is waited out when the address was right before: a captive portal', async () => {
    const server = await serve((_, response, n) => {
      if (n === 1) response.writeHead(200, { 'content-type': 'text/html' }).end('log in')
      else openStream(response, `data: ${n}\n\n`)
      if (n === 0) response.end()
    })
    const client = open({ url: server.url })
    await until(() => client.seen.length === 2)
    expect(client.seen).toEqual([0, 2])
  })

  it.each([
    'text/event-stream',
    'text/event-stream;',
    'Text/Event-Stream; charset=utf-8',
    ' text/event-stream ;x',
  ])('takes the type "%s"', async (type) => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': type }).write('data: 1\n\n')
    })
    const client = open({ url })
    await until(() => client.seen.length === 1)
  })

  it.each(['text/event-streamx', 'text/event-stream-x; y', 'x text/event-stream', 'text/plain'])(
    'refuses the type "%s"',
    async (type) => {
      const { url } = await serve((_, response) => {
        response.writeHead(200, { 'content-type': type }).write('data: 1\n\n')
      })
      expect(await ending(open({ url }))).toMatchObject({ code: 'HL_CLIENT_CONTENT_TYPE' })
    },
  )

  it.each([400, 403, 404, 410, 451, 501, 505, 206])('status %i stops for good', async (status) => {
    const { url } = await serve((_, response) => response.writeHead(status).end('why'))
    const client = open({ url })
    expect(await ending(client)).toEqual({ name: 'closed', code: 'HL_CLIENT_REFUSED' })
    expect(client.state.lastError?.details).toMatchObject({ status, reason: 'why' })
  })

  it.each([408, 425, 429, 500, 502, 503, 504, 507])('status %i is tried again', async (status) => {
    const { url } = await serve((_, response, n) => {
      if (n === 0) response.writeHead(status).end()
      else openStream(response, 'data: 1\n\n')
    })
    const client = open({ url })
    await until(() => client.seen.length === 1)
    const error = client.states[1]?.lastError
    expect([error?.details['status'], error?.status, error?.retryable]).toEqual([
      status,
      status,
      true,
    ])
  })

  it('shows the problem document', async () => {
    const problem = {
      code: 'HL_SELECTOR_INVALID',
      title: 'no',
      detail: 'That is no selector.',
      at: 3,
    }
    const { url } = await serve((_, response) => {
      response.writeHead(400, { 'content-type': 'application/problem+json' })
      response.end(JSON.stringify(problem))
    })
    const client = open({ url })
    await ending(client)
    const { lastError } = client.state
    expect(lastError?.details['code']).toBe('HL_SELECTOR_INVALID')
    expect(lastError?.message).toContain('400: That is no selector.')
    expect(lastError?.cause).toMatchObject({ status: 400, document: problem })
  })

  it('reads no more of a refusal than it needs', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(403)
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(16_384), more)
      }
      more()
    })
    expect(await ending(open({ url }))).toMatchObject({ code: 'HL_CLIENT_REFUSED' })
  })

  it.each([
    ['seconds', () => '2', 2000],
    ['a date', () => new Date(Date.now() + 600_000).toUTCString(), 570_000],
  ])('obeys Retry-After in %s', async (_name, retryAfter, atLeast) => {
    const { url } = await serve((_, response) => {
      response.writeHead(503, { 'retry-after': retryAfter() }).end()
    })
    const client = open({ url })
    await until(() => client.state.name === 'waiting')
    const { since, nextRetryAt = 0 } = client.state
    expect(nextRetryAt - since).toBeGreaterThanOrEqual(atLeast)
    client.wake()
    await settle()
    expect(client.state.name).toBe('waiting')
  })
})

describe('401', () => {
  it('asks for a new token once and goes on at the same place', async () => {
    const server = await serve((request, response, n) => {
      const isFresh = request.headers.authorization === 'Bearer fresh'
      if (n === 0) openStream(response, 'id: 5\ndata: 1\n\n', {})
      if (n === 0) setTimeout(() => response.end(), 20)
      else if (isFresh) openStream(response, 'data: 2\n\n')
      else response.writeHead(401).end()
    })
    const refreshes: boolean[] = []
    const client = open({
      url: server.url,
      token: async ({ refresh }) => {
        refreshes.push(refresh)
        return refresh ? 'fresh' : 'stale'
      },
    })
    await until(() => client.seen.length === 2)
    expect(refreshes).toEqual([false, false, true])
    expect(server.requests[2]?.headers['last-event-id']).toBe('5')
  })

  it('asks for a new one until there is one: it may fail where the network does', async () => {
    const { url } = await serve((request, response) => {
      if (request.headers.authorization === 'Bearer new') openStream(response, 'data: 1\n\n')
      else response.writeHead(401).end()
    })
    let known = 'old'
    const refreshes: boolean[] = []
    const client = open({
      url,
      token: ({ refresh }) => {
        refreshes.push(refresh)
        if (refreshes.length === 2) throw new Error('no network')
        if (refresh) known = 'new'
        return known
      },
    })
    await until(() => client.seen.length === 1)
    expect(refreshes).toEqual([false, true, true])
  })

  it('gives up when the new one is refused too, or when there is no way to get one', async () => {
    const server = await serve((_, response) => response.writeHead(401).end())
    expect(await ending(open({ url: server.url, token: 'fixed' }))).toMatchObject({
      name: 'closed',
    })
    expect(server.requests).toHaveLength(1)
    const client = open({ url: server.url, token: () => 'x' })
    await until(() => client.state.name === 'closed')
    expect(server.requests).toHaveLength(3)
    expect(client.state.lastError?.details['status']).toBe(401)
  })

  it('asks for a new token after heartline.expired', async () => {
    const server = await serve((_, response, n) => {
      openStream(response, `id: ${n}\ndata: ${n}\n\n`)
      if (n === 0) response.end('event: heartline.expired\ndata: {}\n\n')
    })
    const refreshes: boolean[] = []
    const client = open({
      url: server.url,
      token: ({ refresh }) => {
        refreshes.push(refresh)
        return 'x'
      },
    })
    await until(() => client.seen.length === 2)
    expect(refreshes).toEqual([false, true])
  })

  it('tries again when asking for a token, header or URL fails or gives nonsense', async () => {
    const { url } = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    let failures = 0
    const fail = (): void => {
      if (++failures < 3) throw new Error('no network')
    }
    const client = open({
      url,
      token: async () => {
        fail()
        return 'x'
      },
    })
    await until(() => client.seen.length === 1)
    expect(client.states[1]?.lastError?.code).toBe('HL_CLIENT_REQUEST_SETUP')
    expect(client.states[1]?.lastError?.message).toContain('no network')
    const lost = open({ url: () => 'http://[' })
    expect(await ending(lost)).toEqual({ name: 'closed', code: 'HL_CLIENT_OPTION_INVALID' })
    expect(() => createClient({ url: 'nonsense' })).toThrow('is not a URL')
    expect(() => createClient({ url: [] })).toThrow('is empty')
  })
})

describe('redirects', () => {
  it('follows them within an origin', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/there') openStream(response, 'data: 1\n\n')
      else response.writeHead(307, { location: '/there' }).end()
    })
    const client = open({ url })
    await until(() => client.seen.length === 1)
  })

  it('refuses another origin, unless told otherwise', async () => {
    const other = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    const { url } = await serve((_, response) => {
      response.writeHead(302, { location: other.url }).end()
    })
    const refused = open({ url })
    expect(await ending(refused)).toEqual({ name: 'closed', code: 'HL_CLIENT_REDIRECT_ORIGIN' })
    const client = open({ url, redirect: 'follow' })
    await until(() => client.seen.length === 1)
  })

  it('names a loop', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(302, { location: '/' }).end()
    })
    expect(await afterWait(open({ url }))).toBe('HL_CLIENT_REDIRECT_LOOP')
  })
})

describe('a network that fails', () => {
  it('tells refused connections, names and TLS apart', async () => {
    const { url } = await serve(() => {})
    expect(await afterWait(open({ url: 'http://127.0.0.1:9' }))).toBe('HL_CLIENT_NETWORK')
    expect(await afterWait(open({ url: 'http://nowhere.invalid' }))).toBe('HL_CLIENT_DNS')
    expect(await afterWait(open({ url: url.replace('http:', 'https:') }))).toBe('HL_CLIENT_TLS')
  })

  it('keeps the query out of messages: it may hold a ticket', async () => {
    const client = open({ url: 'http://127.0.0.1:9/a?ticket=secret' })
    await ending(client)
    expect(client.state.lastError?.message).toContain('http://127.0.0.1:9/a:')
    expect(JSON.stringify(client.state.lastError?.details)).not.toContain('secret')
  })

  it('says that a stream broke, or that it ended', async () => {
    const broken = await serve((_, response) => {
      openStream(response, 'data: 1\n\n')
      setTimeout(() => response.destroy(), 20)
    })
    expect(await afterWait(open({ url: broken.url }))).toBe('HL_CLIENT_STREAM_BROKEN')
    const ended = await serve((_, response) => {
      openStream(response, 'data: 1\n\n')
      response.end()
    })
    expect(await afterWait(open({ url: ended.url }))).toBe('HL_CLIENT_STREAM_ENDED')
  })

  it('finds a server that accepts and says nothing', async () => {
    const url = await serveRaw(() => {})
    const client = open({ url, watch: { connectMs: 50 } })
    expect(await afterWait(client)).toBe('HL_CLIENT_CONNECT_TIMEOUT')
  })

  it('finds a refusal without an end, also of a fetch that ignores its signal', async () => {
    const { url } = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    let isFirst = true
    const client = open({
      url,
      watch: { connectMs: 50 },
      fetch: async (...request) => {
        if (!isFirst) return fetch(...request)
        isFirst = false
        return new Response(new ReadableStream(), { status: 503 })
      },
    })
    await until(() => client.seen.length === 1)
    expect(client.states[1]?.lastError?.code).toBe('HL_CLIENT_CONNECT_TIMEOUT')
  })

  it('finds a function for a header that never returns', async () => {
    const client = open({
      url: 'http://127.0.0.1:9',
      headers: () => new Promise<never>(() => {}),
      watch: { connectMs: 50 },
    })
    expect(await afterWait(client)).toBe('HL_CLIENT_CONNECT_TIMEOUT')
  })

  it('finds a stream whose bytes a proxy holds back', async () => {
    const { url } = await serve((_, response) =>
      openStream(response, '', { 'heartline-heartbeat': '15000' }),
    )
    const client = open({ url, watch: { firstByteMs: 50 } })
    expect(await afterWait(client)).toBe('HL_CLIENT_NO_FIRST_BYTE')
  })

  it('finds silence, by the interval of the header and that of a comment', async () => {
    const byHeader = await serve((_, response) =>
      openStream(response, 'data: 1\n\n', { 'heartline-heartbeat': '20' }),
    )
    expect(await afterWait(open({ url: byHeader.url }))).toBe('HL_CLIENT_SILENT')
    const byComment = await serve((_, response) =>
      openStream(response, ': heartline heartbeat=20\n\n'),
    )
    expect(await afterWait(open({ url: byComment.url }))).toBe('HL_CLIENT_SILENT')
  })

  it('takes any byte for life', async () => {
    const { url } = await serve((_, response) => {
      openStream(response, ':', { 'heartline-heartbeat': '200' })
      const timer = setInterval(() => response.write('x'), 50)
      response.on('close', () => clearInterval(timer))
    })
    const client = open({ url })
    await settle(1200)
    expect(client.states.map(({ name }) => name)).toEqual(['connecting', 'open'])
  })
})

describe('a stream that is wrong', () => {
  it('reads HTTP/1.0, where the end of the connection ends the stream', async () => {
    const url = await serveRaw((socket) => {
      socket.end('HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')
    })
    const client = open({ url })
    await until(() => client.seen.length >= 2)
    expect(client.seen[0]).toBe(1)
  })

  it('stops at an event over the bound, after the events before it', async () => {
    const { url } = await serve((_, response) => {
      openStream(response, `data: 1\n\ndata: ${'x'.repeat(5000)}\n\n`)
    })
    const client = open({ url, maxEventLength: 1000 })
    expect(await ending(client)).toEqual({ name: 'closed', code: 'HL_EVENT_TOO_LARGE' })
    expect(client.seen).toEqual([1])
  })

  it('stops at a line without an end', async () => {
    const { url } = await serve((_, response) => {
      openStream(response, 'data: ')
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(16_384), more)
      }
      more()
    })
    const client = open({ url, maxEventLength: 100_000 })
    expect(await ending(client)).toEqual({ name: 'closed', code: 'HL_EVENT_TOO_LARGE' })
  })

  it('reads invalid UTF-8 as replacement characters', async () => {
    const { url } = await serve((_, response) => {
      openStream(response)
      response.write(Buffer.from([...Buffer.from('data: a'), 0xff, 0xfe, ...Buffer.from('b\n\n')]))
    })
    const client = open({ url })
    await until(() => client.seen.length === 1)
    expect(client.seen).toEqual(['a\uFFFD\uFFFDb'])
  })

  it('is dismissed by heartline.end, and does not come back', async () => {
    const server = await serve((_, response) => {
      openStream(response)
      response.end('event: heartline.end\ndata: {"reconnect":false}\n\n')
    })
    const client = open({ url: server.url })
    expect(await ending(client)).toEqual({ name: 'closed', code: 'HL_CLIENT_DISMISSED' })
    await settle()
    expect(server.requests).toHaveLength(1)
  })
})

describe('a request that could act twice', () => {
  it('is sent once, and its end is the end', async () => {
    const server = await serve((_, response) => {
      openStream(response)
      response.end('data: 1\n\n')
    })
    const client = open({ url: server.url, method: 'post', body: '{"ask":1}' })
    expect(await ending(client)).toEqual({ name: 'closed', code: 'HL_CLIENT_STREAM_ENDED' })
    expect([server.requests[0]?.method, server.bodies, client.seen]).toEqual([
      'POST',
      ['{"ask":1}'],
      [1],
    ])
  })

  it('is not repeated after a break, a 503 or a refused connection', async () => {
    const server = await serve((_, response, n) => {
      if (n === 0) response.writeHead(503).end()
      else openStream(response, 'data: 1\n\n')
      if (n === 1) setTimeout(() => response.destroy(), 10)
    })
    for (const url of [server.url, server.url, 'http://127.0.0.1:9']) {
      const client = open({ url, method: 'POST' })
      expect(await ending(client)).toEqual({ name: 'closed', code: 'HL_CLIENT_NOT_REPEATED' })
      expect(client.state.lastError?.cause).toBeDefined()
    }
    expect(server.requests).toHaveLength(2)
  })

  it('is repeated when asked to, with its body made anew', async () => {
    const server = await serve((_, response, n) => {
      openStream(response, 'id: 3\ndata: 1\n\n')
      if (n === 0) response.end()
    })
    const client = open({
      url: server.url,
      method: 'POST',
      repeat: true,
      body: ({ attempt, lastEventId }) => `${attempt}/${lastEventId}`,
    })
    await until(() => client.seen.length === 2)
    expect(server.bodies).toEqual(['1/', '2/3'])
  })
})
