import net, { type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ClosedTransport } from '../src/closed-transport.ts'
import {
  createFetchSession,
  createSession,
  type Framing,
  type Session,
  type Transport,
  type TransportListener,
} from '../src/index.ts'
import { RawPeer } from './kit/raw.ts'
import { until } from './kit/reader.ts'

/** A transport as a front door of one's own would write it: straight on a TCP socket. */
class SocketTransport implements Transport {
  readonly framing: Framing = 'raw'
  readonly protocol = 'http/1.0'
  readonly remoteAddress = undefined
  readonly over: boolean
  readonly #socket: net.Socket

  constructor(socket: net.Socket) {
    this.#socket = socket
    this.over = socket.destroyed
  }

  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes)
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  listen(listener: TransportListener): void {
    this.#socket.on('drain', () => listener.onWritable())
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => listener.onTransportClosed('disconnected'))
  }
}

describe('A session over a transport of your own', () => {
  it('works as any other', async () => {
    const sessions: Session[] = []
    const server = net.createServer((socket) => {
      sessions.push(createSession(new SocketTransport(socket), { heartbeatMs: 0 }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const peer = new RawPeer((server.address() as AddressInfo).port, '')
    await until(() => peer.text.includes('retry'))
    expect(sessions[0]!.send({ data: 'hello' })).toBe('written')
    sessions[0]!.close()
    await until(() => peer.closed)
    expect(peer.text).toMatch(/data: hello\n\n$/)
    server.close()
  })

  it('is over from the start when the transport is', () => {
    const transport = new ClosedTransport('fetch', '192.0.2.1')
    const session = createSession(transport)
    expect(session.end).toMatchObject({ reason: 'disconnected' })
    expect(session.remoteAddress).toBe('192.0.2.1')
    expect(session.comment('x')).toBe('over')
    expect(transport.write()).toBe(false)
    transport.listen()
    transport.end()
    transport.destroy()
  })
})

describe('An observer', () => {
  it('is replaced by the next one, and told once', () => {
    const { session } = createFetchSession(new Request('http://localhost/'))
    const told: string[] = []
    const observer = (name: string) => ({
      onWritable: () => undefined,
      onEnd: () => void told.push(name),
    })
    session.observe(observer('first'))
    session.observe(observer('second'))
    session.close('kicked')
    session.close('ended')
    session.drain()
    expect(told).toEqual(['second'])
    expect(session.end?.reason).toBe('kicked')
  })

  it('may write when it is told that the session is writable, before those who wait', async () => {
    const { session, response } = createFetchSession(new Request('http://localhost/'))
    const order: string[] = []
    session.observe({
      onWritable: (writable) => {
        order.push('observer')
        if (order.length === 1) while (!writable.isBlocked) writable.comment('x'.repeat(9_000))
      },
      onEnd: () => undefined,
    })
    session.comment('x'.repeat(20_000))
    void session.ready().then((open) => order.push(`ready ${open}`))
    void session.ready().then((open) => order.push(`ready ${open}`))
    const reader = response.body!.getReader()
    for (let i = 0; i < 4; i++) await reader.read()
    await until(() => order.length === 4)
    expect(order).toEqual(['observer', 'observer', 'ready true', 'ready true'])
    session.close()
  })
})

describe('The promise and the signal of a session', () => {
  it('are the same at every look, before and after the end', async () => {
    const { session } = createFetchSession(new Request('http://localhost/'))
    const { closed, signal } = session
    expect(session.closed).toBe(closed)
    expect(session.signal).toBe(signal)
    session.close('ended')
    expect(session.closed).toBe(closed)
    expect(await closed).toBe(session.end)
    expect(signal.reason).toMatchObject({ code: 'HL_SESSION_ENDED', message: expect.any(String) })
  })
})
