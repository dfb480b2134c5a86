import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { allowedSeam } from '@heartline/session'
import { afterEach, describe, expect, it } from 'vitest'
import type { Route } from '../../src/http/route.ts'
import { openStream } from '../../src/routes/stream.ts'
import type { HeartlineServer } from '../../src/server.ts'
import { eventually, post, start } from '../kit.ts'

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

type Inner = Socket & { parser?: object | null; _handle: object | null }

/** A stream at a path that the front door does not know, and the response it was made of. */
async function serve(frontDoor: 'on' | 'off') {
  const responses: ServerResponse[] = []
  const own: Route = {
    path: '/own',
    GET: (exchange, services) => {
      responses.push(exchange.response)
      return openStream(exchange, services)
    },
  }
  const server = await start({ frontDoor }, { routes: [own] })
  return { server, responses }
}

/** One open stream. */
async function open(server: HeartlineServer) {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  sockets.push(socket.on('error', () => {}))
  const peer = { socket, text: '', isClosed: false }
  socket.on('data', (chunk) => (peer.text += chunk.toString()))
  socket.on('close', () => (peer.isClosed = true))
  socket.write('GET /own?topic=a HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await eventually(() => peer.text.includes('retry:') && server.hub.stats().sessions === 1)
  return peer
}

describe.each(['on', 'off'] as const)('a stream on node:http, front door %s', (frontDoor) => {
  it.skipIf(allowedSeam() === 'response')('lets go of its response and delivers', async () => {
    const { server, responses } = await serve(frontDoor)
    const peer = await open(server)
    const [response] = responses
    await eventually(() => response?.socket === null)
    const inner = response?.req.socket as Inner
    expect(inner.parser).toBeNull()
    // With the native handle it lets go of the socket, too.
    expect(inner._handle === null).toBe(allowedSeam() === 'handle')
    await post(server, { topic: 'a', data: 1 })
    await eventually(() => peer.text.includes('data: 1\n'))
    peer.socket.end()
    await eventually(() => server.hub.stats().sessions === 0)
    expect(server.hub.stats().ended).toEqual({ disconnected: 1 })
  })

  it('leaves its connection to the next requests, and it is idle then', async () => {
    const { server } = await serve(frontDoor)
    const peer = await open(server)
    for (let n = 1; n <= 12; n++) {
      const [session] = server.hub.sessions()
      server.hub.endSession(session?.id ?? '', { reconnect: true })
      await eventually(() => peer.text.endsWith('0\r\n\r\n'))
      peer.text = ''
      peer.socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await eventually(() => peer.text.includes('"alive"'))
      peer.text = ''
      peer.socket.write('GET /own?topic=a HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await eventually(() => peer.text.includes('retry:') && server.hub.stats().sessions === 1)
    }
    expect(peer.isClosed).toBe(false)
    const [session] = server.hub.sessions()
    server.hub.endSession(session?.id ?? '', { reconnect: true })
    await eventually(() => server.hub.stats().sessions === 0)
    await Promise.all([server.stop(), once(peer.socket, 'close')])
  })

  it('is ended by a drain, and its connection closed', async () => {
    const { server } = await serve(frontDoor)
    const peer = await open(server)
    await server.stop()
    await eventually(() => peer.isClosed)
    expect(peer.text).toContain('event: heartline.drain')
    expect(peer.text.endsWith('0\r\n\r\n')).toBe(true)
  })

  it('is cut when its reader does not read until the server stops', async () => {
    const { server } = await serve(frontDoor)
    const peer = await open(server)
    peer.socket.pause()
    const data = 'x'.repeat(200_000)
    const isBlocked = () => server.hub.sessions()[0]?.state === 'blocked'
    while (!isBlocked()) await post(server, { topic: 'a', data })
    await server.stop()
    expect(server.hub.stats().sessions).toBe(0)
  })
})
