import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createNodeSession, type NodeSessionOptions, type Session } from '../src/index.ts'
import { until } from './kit/reader.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function listen(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  return (server.address() as AddressInfo).port
}

async function openHttp1(
  options: NodeSessionOptions,
): Promise<{ session: Session; peer: net.Socket; connections: () => number }> {
  let session: Session | undefined
  const server = http.createServer((request, response) => {
    session = createNodeSession(request, response, options)
  })
  let connections = 0
  server.on('connection', (socket) => {
    connections++
    socket.on('close', () => connections--)
  })
  const peer = net.connect(await listen(server), '127.0.0.1')
  peer.on('error', () => {})
  closing.push(() => peer.destroy())
  peer.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => session !== undefined)
  return { session: session as unknown as Session, peer, connections: () => connections }
}

describe.each([{}, { transport: 'response' } as const])(
  'severing an HTTP/1 session (%j)',
  (options) => {
    it('ends it with the reason, once, and closes its connection', async () => {
      const { session, peer, connections } = await openHttp1(options)
      peer.resume()
      const ends: string[] = []
      session.observe({ onWritable: () => {}, onEnd: (_, { reason }) => void ends.push(reason) })
      session.sever('unreachable')
      expect(session.end?.reason).toBe('unreachable')
      session.sever('kicked')
      session.close()
      await until(() => connections() === 0 && peer.closed)
      expect(ends).toEqual(['unreachable'])
    })

    it('does not wait for a reader that does not read', async () => {
      const { session, peer, connections } = await openHttp1({ ...options, maxPendingBytes: 1e9 })
      peer.pause()
      const part = 'x'.repeat(1_000_000)
      await until(() => session.isBlocked || session.send({ data: part }) === 'over')
      session.send({ data: part })
      session.sever('unreachable')
      expect(session.pendingBytes).toBe(0)
      await until(() => connections() === 0)
    })

    it('knows both ends of the connection', async () => {
      const { session, peer } = await openHttp1(options)
      expect(session.connection.remotePort).toBe(peer.localPort)
      expect(session.connection.localPort).toBe(peer.remotePort)
      expect(session.connection.remoteAddress).toBe('127.0.0.1')
    })
  },
)

describe.each([{}, { transport: 'response' } as const])(
  'severing an HTTP/2 session (%j)',
  (options) => {
    it('closes the connection, and the streams that share it end too', async () => {
      const sessions: Session[] = []
      const server = http2.createServer((request, response) => {
        sessions.push(createNodeSession(request, response, options))
      })
      const port = await listen(server)
      const client = http2.connect(`http://127.0.0.1:${port}`)
      client.on('error', () => {})
      closing.push(() => client.destroy())
      for (let n = 0; n < 3; n++)
        client
          .request({ ':path': '/' })
          .on('error', () => {})
          .resume()
      await until(() => sessions.length === 3)
      const [first, second, third] = sessions
      expect(first?.connection.remotePort).toBe(client.socket.localPort)
      expect(first?.connection.localPort).toBe(port)
      first?.sever('unreachable')
      second?.sever('unreachable')
      await until(() => client.closed && sessions.every((session) => session.isOver))
      expect([first, second].map((session) => session?.end?.reason)).toEqual([
        'unreachable',
        'unreachable',
      ])
      expect(third?.end?.reason).not.toBe('unreachable')
    })
  },
)
