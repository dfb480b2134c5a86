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

interface Ends {
  readonly session: Session
  /** The socket of the server. */
  readonly socket: net.Socket
  /** The socket of the reader. */
  readonly peer: net.Socket
}

async function listen(server: net.Server): Promise<net.Socket> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const peer = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
  peer.on('error', () => {}).resume()
  closing.push(() => peer.destroy())
  return peer
}

async function openHttp1(options: NodeSessionOptions): Promise<Ends> {
  let ends: Omit<Ends, 'peer'> | undefined
  const server = http.createServer((request, response) => {
    const { socket } = request
    ends = { session: createNodeSession(request, response, options), socket }
  })
  const peer = await listen(server)
  peer.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await until(() => ends !== undefined)
  return { ...(ends as unknown as Ends), peer }
}

const seams = [
  ['handle', { transport: 'auto', release: false }],
  ['released', { transport: 'auto', release: true }],
] as const

describe.each(seams)('A dead connection that has not said so, by way of %s', (_, options) => {
  it('takes no event: its reader has left in this very turn', async () => {
    const { session, peer } = await openHttp1(options)
    for (let i = 0; i < 4; i++) {
      expect(session.send({ data: 'one' })).toBe('written')
      await new Promise(setImmediate)
    }
    peer.resetAndDestroy()
    expect(session.send({ data: 'two' })).toBe('over')
    expect(session.send({ data: 'three' })).toBe('over')
    expect(session.pendingBytes).toBe(0)
    expect(await session.closed).toMatchObject({ reason: 'disconnected' })
  })
})

it.each(['auto', 'socket', 'response'] as const)(
  'A socket that the server has destroyed takes no event, by way of %s',
  async (transport) => {
    const { session, socket } = await openHttp1({ transport, release: false })
    socket.destroy()
    expect(session.send({ data: 'one' })).toBe('over')
    expect(await session.closed).toMatchObject({ reason: 'disconnected' })
  },
)

it.each(['destroy', 'end'] as const)('A stream of HTTP/2 after %s takes no event', async (how) => {
  let session: Session | undefined
  const server = http2.createServer((request, response) => {
    session = createNodeSession(request, response)
    request.stream[how]()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  closing.push(
    () => client.destroy(),
    () => server.close(),
  )
  let result: string | undefined
  server.on('request', () => (result = session?.send({ data: 'one' })))
  client
    .request({ ':path': '/' })
    .on('error', () => {})
    .resume()
  await until(() => result !== undefined)
  expect(result).toBe('over')
  await session?.closed
})
