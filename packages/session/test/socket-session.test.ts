import type http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { allowedSeam, createSocketSession, type Session } from '../src/index.ts'
import { doorServer, Keeper } from './kit/door.ts'
import { RawPeer } from './kit/raw.ts'
import { until } from './kit/reader.ts'

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const refuse: http.RequestListener = (_, response) => void response.writeHead(404).end()
const seam = allowedSeam() === 'handle' ? 'handle' : 'socket'

describe.each([
  { name: 'with its socket', make: () => undefined },
  { name: 'without its socket', make: () => new Keeper() },
])('A session on a plain connection, $name,', ({ make }) => {
  const servers: net.Server[] = []
  const peers: RawPeer[] = []

  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.socket.destroy()
    for (const server of servers.splice(0)) {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  async function serve(options = {}): Promise<{
    port: number
    sessions: Session[]
    server: net.Server
    keeper: Keeper | undefined
  }> {
    const sessions: Session[] = []
    const keeper = make()
    const server = doorServer((open) => void sessions.push(open(options)), refuse, keeper)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return { port: (server.address() as AddressInfo).port, sessions, server, keeper }
  }

  async function dial(port: number, request = REQUEST): Promise<RawPeer> {
    const peer = new RawPeer(port, request)
    peers.push(peer)
    await until(() => peer.text.includes('retry') || peer.closed)
    return peer
  }

  it('sends head and first bytes in one packet', async () => {
    const { port, sessions } = await serve({ id: 'abc', random: () => 0 })
    const peer = await dial(port)
    expect(peer.packets).toHaveLength(1)
    expect(peer.text.replace(/Date: [^\r]+/, 'Date: now')).toBe(
      [
        'HTTP/1.1 200 OK',
        'Content-Type: text/event-stream',
        'Cache-Control: no-cache, no-store, no-transform',
        'X-Accel-Buffering: no',
        'Heartline-Session: abc',
        'Heartline-Heartbeat: 15000',
        'Date: now',
        'Connection: keep-alive',
        'Transfer-Encoding: chunked',
        '',
        '29',
        ': heartline heartbeat=15000\nretry: 2000\n\n',
        '',
      ].join('\r\n'),
    )
    expect(sessions[0]).toMatchObject({ seam, remoteAddress: '127.0.0.1' })
    expect(sessions[0]?.connection).toMatchObject({
      remotePort: peer.socket.localPort,
      localPort: port,
    })
  })

  it('gives the connection back for the next request, a stream or another', async () => {
    const { port, sessions, server } = await serve()
    const peer = await dial(port)
    for (let round = 1; round <= 3; round++) {
      sessions.at(-1)?.send({ data: `round ${round}` })
      sessions.at(-1)?.close()
      await until(() => peer.text.endsWith('\r\n0\r\n\r\n'))
      expect(peer.chunks().slice(1)).toEqual([`data: round ${round}\n\n`, ''])
      peer.text = ''
      peer.socket.write(REQUEST)
      await until(() => sessions.length === round + 1 && peer.text.includes('retry'))
    }
    sessions.at(-1)?.close()
    await until(() => peer.text.endsWith('\r\n0\r\n\r\n'))
    peer.text = ''
    peer.socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi')
    await until(() => peer.text.startsWith('HTTP/1.1 404'))
    const count = await new Promise((resolve) => server.getConnections((_, n) => resolve(n)))
    expect(count).toBe(1)
  })

  it('ends the connection with the stream when nobody takes it back', async () => {
    const { port, sessions } = await serve({ onFree: undefined })
    const peer = await dial(port)
    expect(peer.text).toContain('Connection: close\r\n')
    sessions[0]?.close('finished', { final: 'data: last\n\n' })
    await until(() => peer.closed)
    expect(peer.chunks().at(-1)).toBe('')
    expect(peer.chunks().at(-2)).toBe('data: last\n\n')
  })

  it('ends with the reason error when the reader asks for something else', async () => {
    const { port, sessions } = await serve()
    const peer = await dial(port)
    peer.socket.write(REQUEST)
    await until(() => peer.closed)
    expect(sessions).toHaveLength(1)
    expect(sessions[0]?.end).toMatchObject({
      reason: 'error',
      error: { code: 'HL_REQUEST_BEHIND_STREAM' },
    })
  })

  it.each([
    { how: 'a FIN', leave: (socket: net.Socket) => socket.end() },
    { how: 'a reset', leave: (socket: net.Socket) => socket.resetAndDestroy() },
  ])(
    'ends with the reason disconnected after $how, and the server can close',
    async ({ leave }) => {
      const { port, sessions, server } = await serve()
      const peer = await dial(port)
      leave(peer.socket)
      await until(() => sessions[0]?.isOver)
      expect(sessions[0]?.end?.reason).toBe('disconnected')
      await new Promise((resolve) => server.close(resolve))
      servers.length = 0
    },
  )

  it('is cut by whoever holds the connection', async () => {
    const { port, sessions, keeper } = await serve()
    const peer = await dial(port)
    if (keeper === undefined) return
    expect(keeper.held.size).toBe(seam === 'handle' ? 1 : 0)
    for (const connection of keeper.held) connection.destroy()
    if (seam !== 'handle') return
    await until(() => peer.closed)
    expect(sessions[0]?.end?.reason).toBe('disconnected')
  })

  it('delivers megabytes to a reader that stalls and reads, in order', async () => {
    const { port, sessions } = await serve()
    const peer = await dial(port)
    peer.socket.pause()
    const [session] = sessions as [Session]
    const pieces = Array.from({ length: 300 }, (_, n) => `${n}:`.padEnd(40_000, '.'))
    const sent = session.stream(pieces, { closeWhenDone: true })
    await until(() => session.isBlocked)
    peer.socket.resume()
    await expect(sent).resolves.toMatchObject({ written: 300, outcome: 'done' })
    await until(() => peer.text.endsWith('\r\n0\r\n\r\n'))
    expect(peer.chunks().slice(1, -1)).toEqual(pieces.map((piece) => `data: ${piece}\n\n`))
  })

  it('works over a unix socket', async () => {
    const sessions: Session[] = []
    const server = doorServer((open) => void sessions.push(open()), refuse, make())
    servers.push(server)
    const path = join(tmpdir(), `heartline-${process.pid}-${Math.random().toString(36).slice(2)}`)
    await new Promise<void>((resolve) => server.listen(path, resolve))
    let text = ''
    const peer = net.connect(path, () => peer.write(REQUEST))
    peer.on('data', (chunk) => (text += chunk.toString()))
    await until(() => text.includes('retry'))
    sessions[0]?.send({ data: 'here' })
    await until(() => text.includes('data: here'))
    peer.destroy()
    await until(() => sessions[0]?.isOver)
  })

  it('is over from the start on a connection that is gone', async () => {
    const socket = new net.Socket()
    socket.destroy()
    const session = createSocketSession(socket)
    expect(session).toMatchObject({ isOver: true })
    expect(session.end?.reason).toBe('disconnected')
  })
})
