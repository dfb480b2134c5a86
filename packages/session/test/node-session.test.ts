import type { EventEmitter } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import compression from 'compression'
import express from 'express'
import inject from 'light-my-request'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createNodeSession,
  createWheel,
  frameChunk,
  type NodeSessionOptions,
  type Session,
} from '../src/index.ts'
import { RawPeer } from './kit/raw.ts'
import { sleep, until } from './kit/reader.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const servers: Server[] = []
const peers: RawPeer[] = []

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.socket.destroy()
  await Promise.all(
    servers.splice(0).map(
      (server) =>
        new Promise((resolve) => {
          server.close(resolve)
          ;(server as http.Server).closeAllConnections?.()
        }),
    ),
  )
})

async function listen(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

function dial(port: number, request: string = GET): RawPeer {
  const peer = new RawPeer(port, request)
  peers.push(peer)
  return peer
}

type Hook = (request: http.IncomingMessage, response: http.ServerResponse) => void

/** A server whose every request becomes a session. */
async function serve(options: NodeSessionOptions = {}, before: Hook = () => undefined) {
  const sessions: Session[] = []
  const server = http.createServer((request, response) => {
    before(request, response)
    sessions.push(createNodeSession(request, response, options))
  })
  return { server, port: await listen(server), sessions }
}

describe('A session on node:http', () => {
  it('sends exactly this head and these first bytes, in one packet', async () => {
    const { port } = await serve({ id: 'abc', random: () => 0 })
    const peer = dial(port)
    await until(() => peer.text.includes('retry'))
    expect(peer.packets).toHaveLength(1)
    expect(peer.text.replace(/Date: .*\r\n/, '')).toBe(
      [
        'HTTP/1.1 200 OK',
        'Content-Type: text/event-stream',
        'Cache-Control: no-cache, no-store, no-transform',
        'X-Accel-Buffering: no',
        'Heartline-Session: abc',
        'Heartline-Heartbeat: 15000',
        'Connection: keep-alive',
        'Transfer-Encoding: chunked',
        '',
        '29',
        ': heartline heartbeat=15000\nretry: 2000\n\n',
        '',
      ].join('\r\n'),
    )
  })

  it('writes one chunk for an event, and takes frames that were made before', async () => {
    const { port, sessions } = await serve()
    const peer = dial(port)
    await until(() => peer.text.includes('retry'))
    const [session] = sessions as [Session]
    session.send({ data: 'ä' })
    const bytes = Buffer.from('data: framed\n\n')
    const framed = session.framing === 'chunked' ? frameChunk(bytes) : bytes
    expect(session.writeFramed(framed)).toBe(true)
    session.close()
    await until(() => peer.chunks().length === 4)
    expect(peer.chunks()).toEqual([
      expect.stringContaining(': heartline'),
      Buffer.from('data: ä\n\n').toString('latin1'),
      'data: framed\n\n',
      '',
    ])
  })

  it('refuses framed bytes while it is blocked', async () => {
    const { port, sessions } = await serve()
    const peer = dial(port)
    await until(() => sessions.length === 1)
    peer.socket.pause()
    const [session] = sessions as [Session]
    const frame = frameChunk(Buffer.alloc(1_000_000, 120))
    while (session.writeFramed(frame));
    expect(session.isBlocked).toBe(true)
    expect(() => session.writeFramed(frame)).toThrow(
      expect.objectContaining({ code: 'HL_SESSION_BLOCKED' }),
    )
  })

  it('leaves the connection in order for the next request', async () => {
    const { port, sessions } = await serve()
    const peer = dial(port)
    for (let i = 1; i <= 15; i++) {
      if (i > 1) peer.socket.write(GET)
      await until(() => sessions.length === i)
      sessions[i - 1]!.send({ data: `number ${i}` })
      sessions[i - 1]!.close('finished', { graceMs: 100 })
      await until(() => peer.text.includes(`number ${i}`) && peer.text.endsWith('0\r\n\r\n'))
    }
    await sleep(300)
    expect(peer.closed).toBe(false)
    expect(peer.text.match(/HTTP\/1.1 200/g)).toHaveLength(15)
  })

  it('adds no listener to the socket', async () => {
    let socket: EventEmitter | undefined
    const { port, sessions } = await serve({}, (request) => (socket ??= request.socket))
    const peer = dial(port)
    const counts = (): number[] => socket!.eventNames().map((name) => socket!.listenerCount(name))
    await until(() => peer.text.includes('retry'))
    const before = counts()
    sessions[0]!.close()
    await until(() => peer.text.endsWith('0\r\n\r\n'))
    peer.socket.write(GET)
    await until(() => sessions.length === 2)
    expect(counts()).toEqual(before)
  })

  it('streams without chunks to HTTP/1.0, and closes the connection at the end', async () => {
    const { port, sessions } = await serve()
    const peer = dial(port, 'GET / HTTP/1.0\r\n\r\n')
    await until(() => peer.text.includes('retry'))
    const [session] = sessions as [Session]
    expect(session).toMatchObject({ protocol: 'http/1.0', framing: 'raw' })
    session.send({ data: 'plain' })
    session.close()
    await until(() => peer.closed)
    expect(peer.text).not.toMatch(/transfer-encoding|keep-alive/i)
    expect(peer.text).toMatch(/\n\ndata: plain\n\n$/)
  })

  it('does not promise to keep the connection to HTTP/1.0 that asks for it without chunks', async () => {
    const { port, sessions } = await serve()
    const asks = 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n'
    const plain = dial(port, `${asks}\r\n`)
    await until(() => plain.text.includes('retry'))
    expect(plain.text).toContain('Connection: close\r\n')
    sessions[0]!.close()
    await until(() => plain.closed)
    const chunked = dial(port, `${asks}TE: chunked\r\n\r\n`)
    await until(() => chunked.text.includes('retry'))
    expect(chunked.text).toContain('Connection: keep-alive\r\n')
    expect(chunked.text).toContain('Transfer-Encoding: chunked\r\n')
  })

  it('closes the connection at the end when the client asked for that', async () => {
    const { port, sessions } = await serve()
    const peer = dial(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await until(() => peer.text.includes('retry'))
    expect(peer.text).toContain('Connection: close\r\n')
    sessions[0]!.close()
    await until(() => peer.closed)
    expect(peer.chunks().at(-1)).toBe('')
  })

  it('is over from the start when its request was pipelined behind an open stream', async () => {
    const { port, sessions } = await serve()
    const peer = dial(port, GET + GET)
    await until(() => sessions.length === 2 && peer.closed)
    expect(sessions[1]!.end).toMatchObject({ reason: 'error' })
    await expect(sessions[0]!.closed).resolves.toMatchObject({ reason: 'disconnected' })
    let told: unknown
    sessions[1]!.observe({ onWritable: () => undefined, onEnd: (_, end) => (told = end.reason) })
    expect(told).toBeUndefined()
    await sleep(1)
    expect(told).toBe('error')
  })

  it('keeps the headers a framework has set, but no length, and tells CORS readers its own', async () => {
    const { port } = await serve(
      { headers: { 'X-Extra': 'yes', vary: 'Accept' } },
      (_, response) => {
        response.setHeader('Access-Control-Allow-Origin', 'https://a.example')
        response.setHeader('Access-Control-Expose-Headers', ['X-Request-Id', 'X-Other'])
        response.setHeader('Set-Cookie', ['a=1', 'b=2'])
        response.setHeader('Content-Length', '12')
        response.setHeader('Content-Type', 'text/html')
      },
    )
    const peer = dial(port)
    await until(() => peer.text.includes('retry'))
    const head = peer.text.slice(0, peer.text.indexOf('\r\n\r\n'))
    expect(head).toContain('X-Extra: yes')
    expect(head).toContain('vary: Accept')
    expect(head.match(/set-cookie/gi)).toHaveLength(2)
    expect(head).toContain(
      'Access-Control-Expose-Headers: X-Request-Id, X-Other, Heartline-Session, Heartline-Heartbeat, Heartline-Tell',
    )
    expect(head).toContain('Content-Type: text/event-stream\r\n')
    expect(head).not.toMatch(/content-length|text\/html/i)
  })

  it('refuses a response that was begun', async () => {
    const errors: unknown[] = []
    const server = http.createServer((request, response) => {
      response.write('hello')
      try {
        createNodeSession(request, response)
      } catch (error) {
        errors.push(error)
      }
      response.end()
    })
    const peer = dial(await listen(server))
    await until(() => peer.text.endsWith('0\r\n\r\n'))
    expect(errors).toEqual([expect.objectContaining({ code: 'HL_HEAD_SENT' })])
  })

  it('ends with `finished`, and writes nothing more, when somebody else ends the response', async () => {
    for (const transport of ['auto', 'response'] as const) {
      let response: http.ServerResponse | undefined
      const { port, sessions } = await serve({ transport }, (_, given) => (response = given))
      const peer = dial(port)
      await until(() => peer.text.includes('retry'))
      const [session] = sessions as [Session]
      response!.end()
      session.send({ data: 'too late' })
      await expect(session.closed).resolves.toMatchObject({ reason: 'finished' })
      await until(() => peer.text.endsWith('0\r\n\r\n'))
      await sleep(20)
      expect(peer.text).not.toContain('too late')
    }
  })

  it('lets an error page leave when a header hook throws', async () => {
    const server = http.createServer((request, response) => {
      const own = response as { writeHead?: unknown }
      own.writeHead = () => {
        delete own.writeHead
        throw new Error('hook')
      }
      try {
        createNodeSession(request, response)
      } catch {
        response.writeHead(500).end('sorry')
      }
    })
    const peer = dial(await listen(server))
    await until(() => peer.text.includes('sorry'))
    expect(peer.text).toContain('HTTP/1.1 500')
  })

  it('goes through a `write` that somebody replaced', async () => {
    const written: string[] = []
    const { port, sessions } = await serve({}, (_, response) => {
      const write = response.write.bind(response) as (chunk: Uint8Array) => boolean
      response.write = ((chunk: Uint8Array) => {
        written.push(Buffer.from(chunk).toString())
        return write(chunk)
      }) as typeof response.write
    })
    const peer = dial(port)
    await until(() => peer.text.includes('retry'))
    sessions[0]!.send({ data: 'seen' })
    await until(() => peer.text.includes('seen'))
    expect(sessions[0]!.framing).toBe('raw')
    expect(written).toEqual([expect.stringContaining('retry'), 'data: seen\n\n'])
  })

  it('answers a request that a test tool injects', async () => {
    const answer = await inject((request, response) => {
      const session = createNodeSession(request, response, { random: () => 0 })
      session.send({ data: 'injected' })
      session.close()
    }, '/')
    expect(answer.statusCode).toBe(200)
    expect(answer.payload).toBe(': heartline heartbeat=15000\nretry: 2000\n\ndata: injected\n\n')
  })

  it('survives an error of the response, and reports it', async () => {
    let response: http.ServerResponse | undefined
    const { port, sessions } = await serve({ transport: 'response' }, (_, given) => {
      response = given
    })
    const peer = dial(port)
    await until(() => peer.text.includes('retry'))
    response!.emit('error', new Error('middleware'))
    await expect(sessions[0]!.closed).resolves.toMatchObject({
      reason: 'error',
      error: expect.objectContaining({ message: 'middleware' }),
    })
  })

  it('is not cut by the timeouts of the server, nor by an unread body', async () => {
    const server = http.createServer(
      { requestTimeout: 300, headersTimeout: 300, connectionsCheckingInterval: 50 },
      (request, response) => void sessions.push(createNodeSession(request, response)),
    )
    const sessions: Session[] = []
    server.timeout = 300
    server.keepAliveTimeout = 200
    const port = await listen(server)
    const body = 'x'.repeat(500_000)
    const post = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const quiet = [dial(port), dial(port, post)]
    await until(() => sessions.length === 2)
    await sleep(1_200)
    expect(sessions.map((session) => session.isOpen)).toEqual([true, true])
    expect(quiet.map((peer) => peer.closed)).toEqual([false, false])
  })

  it('leaves a body alone that somebody reads', async () => {
    let text = ''
    const { port, sessions } = await serve({}, (request) => {
      request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    })
    dial(port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello')
    await until(() => text === 'hello')
    expect(sessions[0]!.isOpen).toBe(true)
  })

  it('bounds what a stalled reader costs', async () => {
    let socket: http.IncomingMessage['socket'] | undefined
    const { port, sessions } = await serve({ maxPendingBytes: 200_000 }, (request) => {
      socket = request.socket
    })
    const peer = dial(port)
    await until(() => sessions.length === 1)
    peer.socket.pause()
    const [session] = sessions as [Session]
    const data = 'x'.repeat(65_536)
    let worst = 0
    for (let i = 0; i < 2_000 && session.isOpen; i++) {
      session.send({ data })
      worst = Math.max(worst, socket!.writableLength + session.pendingBytes)
      if (i % 10 === 0) await sleep(0)
    }
    expect(session.end).toMatchObject({ reason: 'slow' })
    expect(worst).toBeLessThan(300_000)
    await until(() => socket!.destroyed)
  })

  it('keeps nothing alive when it is over', async () => {
    const wheel = createWheel()
    const { port, sessions } = await serve({ wheel, maxAgeMs: 60_000 })
    const before = resources()
    const all = Array.from({ length: 50 }, () => dial(port))
    await until(() => sessions.length === 50 && all.every((peer) => peer.text.includes('retry')))
    expect(wheel.size).toBe(50)
    for (const [i, session] of sessions.entries()) {
      if (i % 2 === 0) session.close()
      else all[i]!.socket.destroy()
    }
    await until(() => sessions.every((session) => session.isOver) && wheel.size === 0)
    for (const peer of all) peer.socket.destroy()
    await until(() => more(resources(), before).length === 0, 'handles gone')
  })
})

function resources(): string[] {
  return process.getActiveResourcesInfo()
}

/** Kinds of handle of which there are more than before. */
function more(after: string[], before: string[]): string[] {
  const count = (list: string[], name: string): number =>
    list.filter((entry) => entry === name).length
  return [...new Set(after)].filter((name) => count(after, name) > count(before, name))
}

describe('A session on node:http2', () => {
  async function serveHttp2(options: NodeSessionOptions = {}) {
    const sessions: Session[] = []
    const server = http2.createServer((request, response) => {
      response.setHeader('x-kept', 'yes')
      sessions.push(createNodeSession(request, response, options))
    })
    const port = await listen(server as unknown as Server)
    const client = http2.connect(`http://127.0.0.1:${port}`)
    client.on('error', () => undefined)
    return { sessions, client }
  }

  it('warns about nothing and keeps headers', async () => {
    const warnings: unknown[] = []
    const warn = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warn)
    const { sessions, client } = await serveHttp2()
    const stream = client.request({ ':path': '/' })
    const headers = await new Promise<http2.IncomingHttpHeaders>((resolve) =>
      stream.on('response', resolve),
    )
    expect(headers).toMatchObject({ 'x-kept': 'yes', 'content-type': 'text/event-stream' })
    expect(headers).not.toHaveProperty('connection')
    await sleep(20)
    process.off('warning', warn)
    client.destroy()
    await sessions[0]!.closed
    expect(warnings).toEqual([])
  })

  it.each([
    { transport: 'auto', code: http2.constants.NGHTTP2_CANCEL, reason: 'disconnected' },
    { transport: 'auto', code: http2.constants.NGHTTP2_INTERNAL_ERROR, reason: 'error' },
    { transport: 'response', code: http2.constants.NGHTTP2_CANCEL, reason: 'disconnected' },
    { transport: 'response', code: http2.constants.NGHTTP2_INTERNAL_ERROR, reason: 'error' },
  ] as const)(
    'ends with $reason on reset $code ($transport)',
    async ({ transport, code, reason }) => {
      const { sessions, client } = await serveHttp2({ transport })
      const stream = client.request({ ':path': '/' })
      stream.on('error', () => undefined)
      await new Promise((resolve) => stream.on('response', resolve))
      stream.close(code)
      await expect(sessions[0]!.closed).resolves.toMatchObject({ reason })
      expect(sessions[0]!.send({ data: 'late' })).toBe('over')
      client.destroy()
    },
  )

  it('carries many sessions on one connection, each ending alone', async () => {
    const { sessions, client } = await serveHttp2()
    const streams = Array.from({ length: 20 }, (_, i) => client.request({ ':path': `/${i}` }))
    for (const stream of streams) stream.on('error', () => undefined).resume()
    await until(() => sessions.length === 20)
    streams[3]!.close(http2.constants.NGHTTP2_CANCEL)
    await until(() => sessions.some((session) => session.isOver))
    expect(sessions.filter((session) => session.isOpen)).toHaveLength(19)
    client.destroy()
    await until(() => sessions.every((session) => session.isOver))
  })
})

describe('A session behind express and compression', () => {
  async function serveExpress(options: NodeSessionOptions = {}) {
    const sessions: Session[] = []
    const app = express()
    app.use(compression({ threshold: 0, filter: () => true }))
    app.get('/', (request, response) => {
      sessions.push(createNodeSession(request, response, options))
    })
    return { port: await listen(http.createServer(app)), sessions }
  }

  function get(port: number): Promise<http.IncomingMessage> {
    return new Promise((resolve) => {
      const headers = { 'accept-encoding': 'gzip' }
      const request = http.get({ port, host: '127.0.0.1', headers, agent: false }, resolve)
      request.on('error', () => undefined)
    })
  }

  it('is not compressed', async () => {
    const { port, sessions } = await serveExpress()
    const response = await get(port)
    let text = ''
    response.on('error', () => undefined)
    response.on('data', (chunk: Buffer) => (text += chunk.toString()))
    sessions[0]!.send({ data: 'plain' })
    await until(() => text.includes('data: plain\n\n'))
    expect(response.headers['content-encoding']).toBeUndefined()
    response.destroy()
    await expect(sessions[0]!.closed).resolves.toMatchObject({ reason: 'disconnected' })
  })

  it('flushes every event when it is compressed all the same', async () => {
    const { port, sessions } = await serveExpress({ headers: { 'Cache-Control': 'no-cache' } })
    const response = await get(port)
    expect(response.headers['content-encoding']).toBe('gzip')
    const { createGunzip } = await import('node:zlib')
    let text = ''
    response.on('error', () => undefined)
    response.pipe(createGunzip()).on('data', (chunk: Buffer) => (text += chunk.toString()))
    await until(() => text.includes('retry'))
    for (let i = 0; i < 5; i++) {
      sessions[0]!.send({ data: `event ${i}` })
      await until(() => text.includes(`data: event ${i}\n\n`))
    }
    sessions[0]!.close()
    await until(() => response.complete)
  })

  it('holds back, and goes on in order, when the reader of a compressed stream stalls', async () => {
    const { port, sessions } = await serveExpress({ headers: { 'Cache-Control': 'no-cache' } })
    const response = await get(port)
    const { createGunzip } = await import('node:zlib')
    const { randomBytes } = await import('node:crypto')
    const [session] = sessions as [Session]
    const data = randomBytes(30_000).toString('base64')
    let sent = 0
    for (;;) {
      while (!session.isBlocked) session.send({ data: `${sent++} ${data}` })
      const free = await Promise.race([session.ready(), sleep(300).then(() => undefined)])
      if (free === undefined) break
    }
    let text = ''
    response.on('error', () => undefined)
    response.pipe(createGunzip()).on('data', (chunk: Buffer) => (text += chunk.toString()))
    expect(await session.ready()).toBe(true)
    session.close('finished', { final: 'data: the end\n\n' })
    await until(() => text.endsWith('data: the end\n\n'))
    const numbers = [...text.matchAll(/^data: (\d+) /gm)].map((match) => Number(match[1]))
    expect(numbers).toEqual(Array.from({ length: sent }, (_, i) => i))
  })
})
