import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { wholeBetween, type Random } from './random.ts'
import type { FastTime } from './shaken-world.ts'

/** What a network can do to its connections for a while. */
export const TROUBLES = [
  'cuts',
  'black hole',
  'slow drip',
  '5xx burst',
  'half-open',
  'captive portal',
] as const

export type Trouble = (typeof TROUBLES)[number]

export interface TroubleProxyOptions {
  readonly targetPort: number
  readonly random: Random
  readonly time: FastTime
}

interface Pair {
  readonly client: Socket
  readonly target: Socket
  /** Bytes that come out a few at a time. */
  drip: Buffer
  isDripping: boolean
}

const DRIP_BYTES = 48
const DRIP_MS = 60
const DRIP_MOST = 65_536
const STATUSES = ['500 Internal Server Error', '502 Bad Gateway', '503 Service Unavailable']

/** A TCP proxy that passes everything on until it is told to make trouble. */
export class TroubleProxy {
  /** Connections that met each kind. */
  readonly met: Record<Trouble, number>
  readonly #options: TroubleProxyOptions
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  readonly #sockets = new Set<Socket>()
  #trouble: Trouble | undefined

  constructor(options: TroubleProxyOptions) {
    this.#options = options
    this.met = Object.fromEntries(TROUBLES.map((kind) => [kind, 0])) as Record<Trouble, number>
    this.#server = createServer({ allowHalfOpen: false }, (socket) => this.#accept(socket))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** From now on, for connections that are open and those to come. */
  begin(trouble: Trouble): void {
    this.#trouble = trouble
    for (const pair of this.#pairs) this.#afflict(pair, trouble, true)
  }

  /** From now on, new connections are left alone. */
  end(): void {
    const was = this.#trouble
    this.#trouble = undefined
    if (was === 'slow drip') for (const pair of this.#pairs) pair.isDripping = false
    if (was === 'black hole') this.#afterBlackHole()
  }

  /** Ends the trouble, and what it left behind. */
  heal(): void {
    this.end()
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(client: Socket): void {
    this.#keep(client)
    const trouble = this.#trouble
    if (trouble === '5xx burst' || trouble === 'captive portal')
      return this.#answer(client, trouble)
    const target = connect(this.#options.targetPort, '127.0.0.1')
    this.#keep(target)
    const pair: Pair = { client, target, drip: Buffer.alloc(0), isDripping: false }
    this.#pairs.add(pair)
    client.on('data', (bytes) => {
      if (!target.destroyed) target.write(bytes)
    })
    target.on('data', (bytes: Buffer) => this.#pass(pair, bytes))
    client.on('close', () => {
      this.#pairs.delete(pair)
      target.destroy()
    })
    target.on('close', () => {
      // One that was forgotten on purpose is not told.
      if (this.#pairs.has(pair)) client.destroy()
    })
    if (trouble !== undefined) this.#afflict(pair, trouble, false)
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #pass(pair: Pair, bytes: Buffer): void {
    if (pair.client.destroyed) return
    if (!pair.isDripping && pair.drip.length === 0) {
      pair.client.write(bytes)
      return
    }
    pair.drip = Buffer.concat([pair.drip, bytes])
    if (pair.drip.length > DRIP_MOST) pair.target.pause()
  }

  #afflict(pair: Pair, trouble: Trouble, wasOpen: boolean): void {
    if (trouble === 'half-open' && !wasOpen) return
    this.met[trouble]++
    if (trouble === 'cuts') this.#cutLater(pair)
    else if (trouble === 'black hole') this.#swallow(pair)
    else if (trouble === 'slow drip') this.#drip(pair)
    else if (trouble === 'half-open') this.#forget(pair)
    else pair.client.destroy()
  }

  #cutLater({ client }: Pair): void {
    const { time, random } = this.#options
    time.after(wholeBetween(random, 100, 12_000), () => {
      if (this.#trouble !== 'cuts') return
      if (random() < 0.5) client.resetAndDestroy()
      else client.destroy()
    })
  }

  #swallow({ client, target }: Pair): void {
    client.pause()
    target.pause()
  }

  /** Half of what was on its way arrives after all, late; the rest never does. */
  #afterBlackHole(): void {
    for (const pair of this.#pairs) {
      if (this.#options.random() < 0.5) {
        pair.client.resume()
        pair.target.resume()
      } else this.#forget(pair)
    }
  }

  /** One end is closed, and the other is not told; or neither hears of the other any more. */
  #forget(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.client.removeAllListeners('data').resume()
    if (this.#options.random() < 0.5) pair.target.destroy()
    else pair.target.removeAllListeners('data').resume()
  }

  #drip(pair: Pair): void {
    pair.isDripping = true
    const next = (): void => {
      if (pair.client.destroyed) return
      if (!pair.isDripping) {
        pair.client.write(pair.drip)
        pair.drip = Buffer.alloc(0)
        pair.target.resume()
        return
      }
      pair.client.write(pair.drip.subarray(0, DRIP_BYTES))
      pair.drip = pair.drip.subarray(DRIP_BYTES)
      if (pair.drip.length < DRIP_MOST) pair.target.resume()
      this.#options.time.after(DRIP_MS, next)
    }
    next()
  }

  #answer(client: Socket, trouble: '5xx burst' | 'captive portal'): void {
    this.met[trouble]++
    const { random } = this.#options
    const status = STATUSES[wholeBetween(random, 0, STATUSES.length - 1)]
    const retryAfter = random() < 0.3 ? `Retry-After: ${wholeBetween(random, 0, 8)}\r\n` : ''
    const head = trouble === 'captive portal' ? 'HTTP/1.1 200 OK\r\n' : `HTTP/1.1 ${status}\r\n`
    const type = 'Content-Type: text/html\r\nConnection: close\r\nContent-Length: 4\r\n'
    client.once('data', () => {
      client.end(`${head}${trouble === '5xx burst' ? retryAfter : ''}${type}\r\noops`)
    })
  }
}
