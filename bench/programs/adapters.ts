/**
 * The same server with an adapter and with npm better-sse: one event to all readers at a time, the
 * next when all have it. All servers are up at the same time and take turns.
 *
 * Usage: npx tsx --conditions=@heartline/source bench/programs/adapters.ts [readers] [events] [rounds]
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createMemoryBroker } from '@heartline/broker'
import * as expressAdapter from '@heartline/express'
import * as fastifyAdapter from '@heartline/fastify'
import { createHub } from '@heartline/hub'
import { testSeams } from '@heartline/session'
import { createChannel, createSession } from 'better-sse'
import express from 'express'
import { fastify } from 'fastify'

const FRAMEWORKS = ['express', 'fastify'] as const
const LIBRARIES = ['heartline', 'better-sse'] as const
/** What is published, in one event each. */
const TEXT = JSON.stringify({ symbol: 'HRT', price: 101.25, note: 'x'.repeat(64) })

interface Serving {
  readonly port: number
  readonly publish: () => void
}

async function serveExpress(library: string): Promise<Serving> {
  const app = express()
  let publish: () => void
  if (library === 'heartline') {
    const hub = await createHub({ broker: createMemoryBroker() })
    app.get('/', expressAdapter.subscribe(hub))
    publish = () => void hub.publish([{ topic: 'a', data: TEXT }])
  } else {
    const channel = createChannel()
    app.get('/', async (request, response) => {
      channel.register(await createSession(request, response, { serializer: String }))
    })
    publish = () => void channel.broadcast(TEXT, 'message')
  }
  const server = createServer(app).listen({ port: 0, host: '127.0.0.1', backlog: 1_024 })
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, publish }
}

async function serveFastify(library: string): Promise<Serving> {
  const app = fastify()
  let publish: () => void
  if (library === 'heartline') {
    const hub = await createHub({ broker: createMemoryBroker() })
    app.get('/', fastifyAdapter.subscribe(hub))
    publish = () => void hub.publish([{ topic: 'a', data: TEXT }])
  } else {
    const channel = createChannel()
    app.get('/', async (request, reply) => {
      reply.hijack()
      channel.register(await createSession(request.raw, reply.raw, { serializer: String }))
    })
    publish = () => void channel.broadcast(TEXT, 'message')
  }
  await app.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 })
  return { port: (app.server.address() as AddressInfo).port, publish }
}

async function serve(framework: string, library: string): Promise<void> {
  if (library === 'heartline') await testSeams()
  const serving = framework === 'express' ? serveExpress(library) : serveFastify(library)
  const { port, publish } = await serving
  let before = process.cpuUsage()
  process.on('message', (word) => {
    if (word === 'publish') return publish()
    const { user, system } = process.cpuUsage(before)
    before = process.cpuUsage()
    process.send?.({ cpuMs: (user + system) / 1_000 })
  })
  process.send?.({ port })
}

/** One server and its readers. */
class Subject {
  readonly name: string
  readonly #child: ChildProcess
  readonly #readers: net.Socket[] = []
  #missing = 0
  #delivered = (): void => undefined
  readonly deliveriesPerSecond: number[] = []
  readonly cpuMicrosPerDelivery: number[] = []

  constructor(framework: string, library: string) {
    this.name = `${framework} ${library}`
    this.#child = fork(fileURLToPath(import.meta.url), [framework, library])
  }

  async connect(count: number): Promise<void> {
    const [{ port }] = (await once(this.#child, 'message')) as [{ port: number }]
    for (let i = 0; i < count; i++) this.#readers.push(await this.#reader(port))
  }

  async measure(events: number): Promise<void> {
    for (let i = 0; i < 20; i++) await this.#publish()
    await this.#cpuMs()
    const start = performance.now()
    for (let i = 0; i < events; i++) await this.#publish()
    const ms = performance.now() - start
    const deliveries = events * this.#readers.length
    this.deliveriesPerSecond.push((deliveries / ms) * 1_000)
    this.cpuMicrosPerDelivery.push(((await this.#cpuMs()) * 1_000) / deliveries)
  }

  end(): void {
    for (const reader of this.#readers) reader.destroy()
    this.#child.kill()
  }

  async #reader(port: number): Promise<net.Socket> {
    const socket = net.connect(port, '127.0.0.1')
    socket.write('GET /?topic=a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
    await once(socket, 'data')
    // An event is longer than a heartbeat or a cursor, and leaves in one write.
    socket.on('data', (chunk) => {
      if (chunk.includes('"symbol"') && --this.#missing === 0) this.#delivered()
    })
    return socket
  }

  #publish(): Promise<void> {
    this.#missing = this.#readers.length
    const delivered = new Promise<void>((resolve) => (this.#delivered = resolve))
    this.#child.send('publish')
    return delivered
  }

  async #cpuMs(): Promise<number> {
    this.#child.send('cpu')
    const [{ cpuMs }] = (await once(this.#child, 'message')) as [{ cpuMs: number }]
    return cpuMs
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

async function main(readers: number, events: number, rounds: number): Promise<void> {
  const subjects = FRAMEWORKS.map((framework) =>
    LIBRARIES.map((library) => new Subject(framework, library)),
  )
  for (const subject of subjects.flat()) await subject.connect(readers)
  await new Promise((resolve) => setTimeout(resolve, 500))
  for (let round = 0; round < rounds; round++) {
    const order = subjects.flat()
    if (round % 2 === 1) order.reverse()
    for (const subject of order) await subject.measure(events)
  }
  for (const pair of subjects) {
    for (const { name, deliveriesPerSecond, cpuMicrosPerDelivery } of pair) {
      const cpu = median(cpuMicrosPerDelivery).toFixed(2)
      console.log(`${name}: ${Math.round(median(deliveriesPerSecond))} deliveries/s, ${cpu} µs CPU`)
    }
    const [ours, theirs] = pair
    if (ours === undefined || theirs === undefined) continue
    const faster = ours.deliveriesPerSecond.map((n, i) => n / (theirs.deliveriesPerSecond[i] ?? 0))
    const leaner = theirs.cpuMicrosPerDelivery.map(
      (n, i) => n / (ours.cpuMicrosPerDelivery[i] ?? 0),
    )
    console.log(`  ratio ${median(faster).toFixed(2)}, by CPU ${median(leaner).toFixed(2)}`)
  }
  for (const subject of subjects.flat()) subject.end()
}

const [first, second, third] = process.argv.slice(2)
if (process.send !== undefined) await serve(first ?? '', second ?? '')
else await main(Number(first ?? 700), Number(second ?? 300), Number(third ?? 7))
