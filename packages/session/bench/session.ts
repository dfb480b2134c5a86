/**
 * What a session costs beside plain node:http, in one interleaved run over loopback. Ratios below
 * 1 are in the session's favour. Usage: npx tsx --conditions=@heartline/source
 * packages/session/bench/session.ts [sessions] [events]
 */
import { fork } from 'node:child_process'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createNodeSession,
  createWheel,
  frameChunk,
  testSeams,
  type Session,
} from '../src/index.ts'

const SESSIONS = Number(process.argv[2] ?? 500)
const EVENTS = Number(process.argv[3] ?? 200)
const ROUNDS = 5
const TEXT = `id: 1.k3f9.mhx2c1q8-1z4\ndata: ${'x'.repeat(100)}\n\n`

interface Way {
  readonly name: string
  open(request: http.IncomingMessage, response: http.ServerResponse): void
  deliver(): void
}

const wheel = createWheel()

class PlainWay implements Way {
  readonly name: string
  readonly #responses: http.ServerResponse[] = []
  readonly #write: (response: http.ServerResponse) => unknown

  constructor(name: string, write: (response: http.ServerResponse) => unknown) {
    this.name = name
    this.#write = write
  }

  open(_: http.IncomingMessage, response: http.ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(': hello\n\n')
    this.#responses.push(response)
  }

  deliver(): void {
    for (const response of this.#responses) this.#write(response)
  }
}

class SessionWay implements Way {
  readonly name: string
  readonly sessions: Session[] = []
  readonly #write: (session: Session) => unknown

  constructor(name: string, write: (session: Session) => unknown) {
    this.name = name
    this.#write = write
  }

  open(request: http.IncomingMessage, response: http.ServerResponse): void {
    this.sessions.push(createNodeSession(request, response, { wheel }))
  }

  deliver(): void {
    for (const session of this.sessions) if (!session.isBlocked) this.#write(session)
  }
}

const bytes = Buffer.from(TEXT)
const frame = frameChunk(bytes)
const ways: Way[] = [
  new PlainWay('res.write(string)', (response) => response.write(TEXT)),
  new PlainWay('res.write(buffer)', (response) => response.write(bytes)),
  new PlainWay('socket.write(chunk)', (response) => response.socket?.write(frame)),
  new SessionWay('session.writeFramed', (session) => session.writeFramed(frame)),
  new SessionWay('session.send', (session) =>
    session.send({ id: '1.k3f9.mhx2c1q8-1z4', data: 'x'.repeat(100) }),
  ),
]

async function start(way: Way): Promise<() => void> {
  const server = http.createServer((request, response) => way.open(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const child = fork(new URL('./readers.ts', import.meta.url), [String(port), String(SESSIONS)])
  await new Promise((resolve) => child.once('message', resolve))
  return () => {
    child.kill()
    server.close()
    server.closeAllConnections()
  }
}

/** Microseconds of this process's CPU per delivery. */
async function cost(way: Way): Promise<number> {
  const before = process.cpuUsage()
  for (let i = 0; i < EVENTS; i++) {
    way.deliver()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (EVENTS * SESSIONS)
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** Heap and external bytes per connection, after a forced collection. */
async function memory(way: Way): Promise<{ bytes: number; stop: () => void }> {
  globalThis.gc?.()
  const before = process.memoryUsage()
  const stop = await start(way)
  await new Promise((resolve) => setTimeout(resolve, 300))
  globalThis.gc?.()
  const after = process.memoryUsage()
  const used = after.heapUsed + after.external - before.heapUsed - before.external
  return { bytes: used / SESSIONS, stop }
}

await testSeams()
const stops: (() => void)[] = []
const held = new Map<string, number>()
for (const way of ways) {
  const { bytes: each, stop } = await memory(way)
  held.set(way.name, each)
  stops.push(stop)
}
const costs = new Map<string, number[]>(ways.map((way) => [way.name, []]))
for (let round = 0; round < ROUNDS; round++) {
  for (const way of ways) costs.get(way.name)?.push(await cost(way))
}
const base = median(costs.get('res.write(string)') ?? [])
for (const way of ways) {
  const each = median(costs.get(way.name) ?? [])
  const heap = globalThis.gc === undefined ? 'n/a (run with --expose-gc)' : held.get(way.name)
  console.log(
    `${way.name.padEnd(22)} ${each.toFixed(2)} us CPU a delivery, ratio ${(each / base).toFixed(2)}, ` +
      `heap per connection ${typeof heap === 'number' ? Math.round(heap) : heap} B`,
  )
}
for (const stop of stops) stop()
