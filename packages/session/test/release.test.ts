import { execFile } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type net from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import express from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import {
  allowedSeam,
  createNodeSession,
  type NodeSessionOptions,
  type Session,
} from '../src/index.ts'
import { RawPeer } from './kit/raw.ts'
import { sleep, until } from './kit/reader.ts'

const CHILD = fileURLToPath(new URL('./kit/releasing.ts', import.meta.url))
const NODE = ['--expose-gc', '--conditions=@heartline/source', '--import', 'tsx']
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

const servers: http.Server[] = []
const peers: RawPeer[] = []
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.socket.destroy()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

interface Stream {
  readonly session: Session
  readonly request: http.IncomingMessage
  readonly response: http.ServerResponse
  readonly socket: net.Socket & { parser?: object | null }
}
type Hook = (request: http.IncomingMessage, response: http.ServerResponse) => void

async function listen(server: http.Server): Promise<number> {
  servers.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function serve(options: NodeSessionOptions = {}, before: Hook = () => undefined) {
  const streams: Stream[] = []
  const server = http.createServer((request, response) => {
    before(request, response)
    const session = createNodeSession(request, response, options)
    streams.push({ session, request, response, socket: request.socket })
  })
  return { server, streams, port: await listen(server) }
}

function dial(port: number, request: string = GET): RawPeer {
  const peer = new RawPeer(port, request)
  peers.push(peer)
  return peer
}

/** One open stream, a turn after its head was sent. */
async function open(options?: NodeSessionOptions, before?: Hook, request?: string) {
  const { server, streams, port } = await serve(options, before)
  const peer = dial(port, request)
  await until(() => peer.text.includes('retry') && streams.length === 1)
  await sleep(5)
  const [stream] = streams as [Stream]
  return { ...stream, server, streams, port, peer }
}

const isReleased = ({ response, socket }: Pick<Stream, 'response' | 'socket'>): boolean =>
  response.socket === null && socket.parser === null

// `res.write` needs the response.
describe.skipIf(allowedSeam() === 'response')('A stream on node:http', () => {
  it('keeps neither request nor response nor parser', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [...NODE, CHILD, '50'], {
      timeout: 25_000,
    })
    expect(JSON.parse(stdout)).toMatchObject({
      served: 50,
      requests: 0,
      responses: 0,
      parsersInUse: 0,
      cut: 0,
      closed: true,
    })
  })

  it('keeps them when it is told to', async () => {
    const stream = await open({ release: false })
    expect(isReleased(stream)).toBe(false)
  })

  it('goes on, ends in order, and its connection serves the next request', async () => {
    const { streams, peer, server } = await open()
    for (let n = 1; n <= 12; n++) {
      const stream = streams[n - 1] as Stream
      await until(() => isReleased(stream))
      stream.session.send({ data: `number ${n}` })
      stream.session.close()
      await until(() => peer.text.includes(`number ${n}`) && peer.text.endsWith('0\r\n\r\n'))
      peer.socket.write(GET)
      await until(() => streams.length === n + 1)
    }
    expect(peer.closed).toBe(false)
    const { socket } = streams[0] as Stream
    for (const name of socket.eventNames()) expect(socket.listenerCount(name)).toBeLessThan(3)
    expect(await connections(server)).toBe(1)
  })

  it('closes its connection when the server waits for no other request', async () => {
    const { session, server, peer } = await open()
    let closed = false
    server.close(() => (closed = true))
    await sleep(20)
    expect(session.isOpen).toBe(true)
    session.close()
    await until(() => closed && peer.closed)
    expect(peer.chunks().at(-1)).toBe('')
  })

  it('is not idle, and is cut with all connections', async () => {
    const { session, server, peer } = await open()
    server.closeIdleConnections()
    session.send({ data: 'on' })
    await until(() => peer.text.includes('data: on'))
    server.closeAllConnections()
    await expect(session.closed).resolves.toMatchObject({ reason: 'disconnected' })
    await until(() => peer.closed)
  })

  it('leaves a connection that is idle, and closed when nothing comes', async () => {
    const { session, server, peer } = await open({}, (_, response) => {
      const { server: own } = response.socket as net.Socket & { server: http.Server }
      own.keepAliveTimeout = 30
    })
    session.close()
    await until(() => peer.text.endsWith('0\r\n\r\n'))
    expect(peer.closed).toBe(false)
    await until(() => peer.closed)
    expect(await connections(server)).toBe(0)
    expect(peer.text).not.toContain('408')
  })

  it('is closed with its connection for a client of HTTP/1.0', async () => {
    const stream = await open({}, undefined, 'GET / HTTP/1.0\r\n\r\n')
    const { session, peer } = stream
    expect(isReleased(stream)).toBe(true)
    expect(session).toMatchObject({ protocol: 'http/1.0', framing: 'raw' })
    session.send({ data: 'plain' })
    session.close()
    await until(() => peer.closed)
    expect(peer.text).toMatch(/\n\ndata: plain\n\n$/)
  })

  it.each([
    ['leaves', (peer: RawPeer) => peer.socket.end(), 'disconnected'],
    ['resets', (peer: RawPeer) => peer.socket.resetAndDestroy(), 'disconnected'],
    ['sends another request', (peer: RawPeer) => peer.socket.write(GET), 'error'],
  ] as const)('tells that its reader %s', async (_, act, reason) => {
    const { session, peer } = await open()
    act(peer)
    await expect(session.closed).resolves.toMatchObject({ reason })
  })

  it('is over when its reader left before it let go', async () => {
    const { port, streams } = await serve({}, (request) => request.socket.destroySoon())
    dial(port)
    await until(() => streams.length === 1 && streams[0]?.session.isOver)
  })

  it('waits for a body, and until nothing waits for the reader', async () => {
    const stream = await open(
      {},
      undefined,
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n',
    )
    const { session, peer } = stream
    expect(isReleased(stream)).toBe(false)
    peer.socket.write('end')
    await until(() => stream.request.complete)
    session.send({ data: 'more' })
    await until(() => isReleased(stream))
    session.send({ data: 'last' })
    await until(() => peer.text.includes('data: last'))
  })

  it('leaves a request alone that is pipelined behind it', async () => {
    const { port, streams } = await serve()
    const peer = dial(port, GET + GET)
    await until(() => streams.length === 2 && peer.closed)
    expect(streams[1]?.session.end).toMatchObject({ reason: 'error' })
  })
})

function connections(server: http.Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
}

describe.skipIf(allowedSeam() === 'response')('Whoever relies on the response of a stream', () => {
  it.each([
    ['closes', 'close', (stream: Stream) => stream.session.sever('kicked')],
    ['finishes', 'finish', (stream: Stream) => stream.session.close()],
  ] as const)('is told that it %s', async (_, event, end) => {
    let told = 0
    const stream = await open({}, (__, response) => void response.on(event, () => told++))
    expect(isReleased(stream)).toBe(false)
    end(stream)
    await until(() => told === 1)
  })

  it('is told that its client has left, by the request', async () => {
    let told = 0
    const stream = await open({}, (request) => void request.on('close', () => told++))
    expect(isReleased(stream)).toBe(false)
    stream.peer.socket.destroy()
    await until(() => told === 1)
  })

  it('may replace its methods, which stay in use', async () => {
    const stream = await open({}, (_, response) => {
      const end = response.end.bind(response)
      response.end = ((...args: []) => end(...args)) as typeof response.end
    })
    expect(isReleased(stream)).toBe(false)
  })

  it('and begins to listen later is told all the same', async () => {
    const stream = await open()
    expect(isReleased(stream)).toBe(true)
    const told: string[] = []
    const { response, request, peer } = stream
    response.on('close', () => void told.push('response'))
    request.on('close', () => void told.push('request'))
    expect([response.destroyed, response.writableEnded, request.destroyed]).toEqual([
      false,
      false,
      false,
    ])
    peer.socket.destroy()
    await until(() => told.length === 2)
    expect([response.destroyed, response.closed, request.destroyed]).toEqual([true, true, true])
  })

  it('and looks at it later sees that it is over', async () => {
    const { response, session, peer } = await open()
    const { finished } = await import('node:stream/promises')
    session.close()
    await until(() => peer.text.endsWith('0\r\n\r\n') && response.closed)
    expect([response.writableEnded, response.writableFinished]).toEqual([true, true])
    await finished(response)
  })

  it('can end the stream with it, and does no harm by writing', async () => {
    const stream = await open()
    const { response, session, peer } = stream
    expect(isReleased(stream)).toBe(true)
    const failed = new Promise((resolve) => response.write('raw', resolve))
    await expect(failed).resolves.toMatchObject({ code: 'HL_RESPONSE_RELEASED' })
    expect(response.write('raw')).toBe(false)
    await new Promise<void>((resolve) => void response.end('bye', () => resolve()))
    await expect(session.closed).resolves.toMatchObject({ reason: 'finished' })
    response.end()
    response.write('late')
    await until(() => peer.text.endsWith('0\r\n\r\n'))
    expect(peer.text).not.toMatch(/raw|bye|late/)
  })

  it('can cut the stream with it, or with the request', async () => {
    for (const what of ['response', 'request'] as const) {
      const stream = await open()
      stream[what].destroy()
      await expect(stream.session.closed).resolves.toMatchObject({ reason: 'disconnected' })
      await until(() => stream.peer.closed)
    }
  })

  it('is not told any more where the owner of the server says so', async () => {
    let told = 0
    const stream = await open({ release: true }, (_, response) => {
      response.on('close', () => told++)
    })
    expect(isReleased(stream)).toBe(true)
    stream.session.send({ data: 'on' })
    await until(() => stream.peer.text.includes('data: on'))
    stream.peer.socket.destroy()
    await stream.session.closed
    await sleep(20)
    expect(told).toBe(0)
  })

  it('can be express, which does not', async () => {
    const streams: Stream[] = []
    const app = express()
    app.get('/', (request, response) => {
      const session = createNodeSession(request, response)
      streams.push({ session, request, response, socket: request.socket })
    })
    const peer = dial(await listen(http.createServer(app)))
    await until(() => peer.text.includes('retry'))
    await until(() => isReleased(streams[0] as Stream))
    streams[0]?.session.send({ data: 'on' })
    await until(() => peer.text.includes('data: on'))
  })
})
