/**
 * A client on a network that does everything wrong, against a log behind real sockets. Time runs
 * fast: heartbeats come every 60 ms and the ladder ends at 100 ms, so that a minute here holds what
 * half an hour of a bad mobile network does. Program: `npx tsx --conditions=@heartline/source
 * packages/client/test/chaos.ts [seconds] [seed]`. Prints counts; exits with 1 when one is wrong.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeCursor, encodeEvent, encodePosition } from '@heartline/wire'
import { createClient } from '../src/index.ts'

const HEARTBEAT_MS = 60
const EVENT_EVERY_MS = 4
/** A log keeps so many: who comes later is told a gap. */
const KEPT = 3000

type Trouble = (hub: ChaosHub, request: IncomingMessage, response: ServerResponse) => void

const refuse =
  (status: number, headers: Record<string, string> = {}): Trouble =>
  (_, __, response) =>
    void response.writeHead(status, headers).end('trouble')

/** What one connection meets. */
const TROUBLES: Readonly<Record<string, Trouble>> = {
  'cut while reading': (hub, request, response) => {
    hub.stream(request, response)
    hub.later(20, 300, () => response.destroy())
  },
  'ended in good order': (hub, request, response) => {
    hub.stream(request, response)
    hub.later(20, 300, () => hub.leave(response))
  },
  'black hole': (hub, request, response) => {
    hub.stream(request, response)
    hub.later(20, 300, () => hub.forget(response))
  },
  'slow drip': (hub, request, response) => hub.drip(request, response),
  'repeats what was read': (hub, request, response) => {
    hub.stream(request, response, 5)
    hub.later(20, 300, () => response.destroy())
  },
  'accepts and says nothing': () => {},
  'head without a byte': (hub, _, response) => hub.head(response),
  unavailable: refuse(503, { 'retry-after': '0' }),
  'bad gateway': refuse(502, { 'content-type': 'text/html' }),
  'captive portal': refuse(200, { 'content-type': 'text/html' }),
  'reset at once': (_, request) => void request.socket.resetAndDestroy(),
}

export interface ChaosCounts {
  readonly published: number
  readonly read: number
  readonly wrong: number
  readonly gaps: number
  readonly attempts: number
  /** The most attempts that the ladder allows in that time. */
  readonly allowedAttempts: number
  readonly closed: boolean
  readonly troubles: Readonly<Record<string, number>>
}

/** Runs for so long, then heals the network and waits until everything was read. */
export async function runChaos(ms: number, seed: number): Promise<ChaosCounts> {
  const hub = new ChaosHub(toRandom(seed))
  await hub.listen()
  const client = createClient({
    url: `http://127.0.0.1:${hub.port}/v1/events`,
    ladder: { fastMs: 1, baseMs: 50, capMs: 100, stableMs: 2000 },
    watch: { connectMs: 300, firstByteMs: 300 },
    acknowledge: false,
  })
  let next = 1
  let wrong = 0
  let gaps = 0
  let attempts = 0
  client.onState(({ name }) => (attempts += name === 'connecting' ? 1 : 0))
  client.on('message', (n) => {
    if (n !== next) wrong++
    next = Number(n) + 1
  })
  client.on('heartline.gap', ({ to = '' }) => {
    gaps++
    next = (decodeCursor(to).positions.get('')?.offset ?? 0) + 1
  })
  const startedAt = performance.now()
  await until(() => client.state.name === 'open')
  await until(() => performance.now() - startedAt >= ms || client.state.name === 'closed')
  hub.heal()
  await until(() => next > hub.published || client.state.name === 'closed')
  const allowedAttempts = Math.ceil((performance.now() - startedAt) / 50) + 1
  const closed = client.state.name === 'closed'
  client.close()
  await hub.close()
  const { published, troubles } = hub
  return { published, read: next - 1, wrong, gaps, attempts, allowedAttempts, closed, troubles }
}

class ChaosHub {
  readonly troubles: Record<string, number> = {}
  readonly #random: () => number
  readonly #streams = new Set<ServerResponse>()
  #server: Server
  #events: string[] = []
  published = 0
  #isHealthy = true
  #hasBegun = false
  #restarting: Promise<void> = Promise.resolve()
  #port = 0
  #timers: NodeJS.Timeout[] = []

  constructor(random: () => number) {
    this.#random = random
    this.#server = this.#create()
  }

  get port(): number {
    return this.#port
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
    this.#timers = [
      setInterval(() => this.#publish(), EVENT_EVERY_MS),
      setInterval(() => this.#toAll(': hb 1\n\n'), HEARTBEAT_MS),
      setInterval(() => {
        this.#restarting = this.#restart()
      }, 5000),
    ]
  }

  /** From now on, everything works. */
  heal(): void {
    this.#isHealthy = true
    for (const timer of this.#timers.filter((_, index) => index !== 1)) clearInterval(timer)
    this.#server.closeAllConnections()
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#restarting
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  later(leastMs: number, mostMs: number, act: () => void): void {
    setTimeout(act, leastMs + this.#random() * (mostMs - leastMs))
  }

  forget(response: ServerResponse): void {
    this.#streams.delete(response)
  }

  leave(response: ServerResponse): void {
    this.forget(response)
    response.end('event: heartline.drain\ndata: {}\n\n')
  }

  head(response: ServerResponse): void {
    const heartbeat = String(HEARTBEAT_MS)
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'heartline-heartbeat': heartbeat,
    })
    response.flushHeaders()
  }

  stream(request: IncomingMessage, response: ServerResponse, again = 0): void {
    this.head(response)
    response.write(this.#owed(request, again))
    this.#streams.add(response)
    response.on('close', () => this.forget(response))
  }

  /** A few bytes at a time, then the end of the connection. */
  drip(request: IncomingMessage, response: ServerResponse): void {
    this.head(response)
    const bytes = Buffer.from(this.#owed(request, 0)).subarray(0, 1500)
    let at = 0
    const timer = setInterval(() => {
      response.write(bytes.subarray(at, (at += 7)))
      if (at < bytes.length) return
      clearInterval(timer)
      response.destroy()
    }, 2)
    response.on('close', () => clearInterval(timer))
  }

  #create(): Server {
    return createServer((request, response) => {
      response.on('error', () => {})
      const names = Object.keys(TROUBLES)
      const name = names[Math.floor(this.#random() * names.length)] as string
      // The first must open, or the address is taken for wrong.
      if (this.#isHealthy) {
        this.stream(request, response)
        if (!this.#hasBegun) this.later(50, 60, () => this.#begin(response))
        return
      }
      this.troubles[name] = (this.troubles[name] ?? 0) + 1
      TROUBLES[name]?.(this, request, response)
    })
  }

  #begin(response: ServerResponse): void {
    this.#hasBegun = true
    this.#isHealthy = false
    response.destroy()
  }

  /** What a reader with this cursor has not got, after a gap if some of it is gone. */
  #owed(request: IncomingMessage, again: number): string {
    const id = String(request.headers['last-event-id'] ?? '')
    const seen = id === '' ? 0 : (decodeCursor(id).positions.get('')?.offset ?? 0)
    const base = this.published - this.#events.length
    const from = Math.max(seen - again, 0)
    if (from >= base) return this.#events.slice(from - base).join('')
    const to = toId(base)
    const gap = JSON.stringify({ from: id, to, reason: 'expired' })
    const told = encodeEvent({ id: to, type: 'heartline.gap', data: gap })
    return told + this.#events.join('')
  }

  #publish(): void {
    const n = ++this.published
    const text = encodeEvent({ id: toId(n), data: String(n) })
    this.#events.push(text)
    if (this.#events.length > KEPT) this.#events.shift()
    this.#toAll(text)
  }

  #toAll(text: string): void {
    for (const stream of this.#streams) stream.write(text)
  }

  async #restart(): Promise<void> {
    this.troubles['server restarts'] = (this.troubles['server restarts'] ?? 0) + 1
    const { server, downMs } = { server: this.#server, downMs: this.#random() * 300 }
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
    await new Promise((resolve) => setTimeout(resolve, downMs))
    this.#server = this.#create()
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
  }
}

function toId(offset: number): string {
  return encodePosition('chaos', { ms: offset, offset })
}

/** The same troubles for the same seed. */
function toRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

async function until(holds: () => boolean): Promise<void> {
  const startedAt = performance.now()
  while (!holds() && performance.now() - startedAt < 600_000) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

if (process.argv[1]?.endsWith('chaos.ts') === true) {
  const [seconds = '60', seed = '1'] = process.argv.slice(2)
  const counts = await runChaos(Number(seconds) * 1000, Number(seed))
  console.log(counts)
  const { wrong, read, published, attempts, allowedAttempts, closed } = counts
  const isGood = wrong === 0 && read === published && attempts <= allowedAttempts && !closed
  process.exitCode = isGood ? 0 : 1
}
