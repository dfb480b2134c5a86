/**
 * The same server with an adapter and with npm better-sse: as fast as it goes with one event on its
 * way to all readers. Both are published to by the body of a POST, which their framework takes. All
 * servers are up, with their readers, and are loaded in turn; the readers are the C generator's.
 *
 * Usage: npx tsx --conditions=@heartline/source bench/programs/adapters.ts [readers] [rounds]
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createMemoryBroker } from '@heartline/broker'
import * as expressAdapter from '@heartline/express'
import * as fastifyAdapter from '@heartline/fastify'
import { createHub } from '@heartline/hub'
import { testSeams } from '@heartline/session'
import { createChannel, createSession } from 'better-sse'
import express from 'express'
import { fastify } from 'fastify'
import { Child } from '../run/child.ts'
import { freePort } from '../run/free-port.ts'
import { Generator } from '../run/generator.ts'
import type { Endpoint } from '../run/peer.ts'
import { median, shuffled } from '../run/statistics.ts'
import { deliveryFigures, faultsOf } from '../run/turn-figures.ts'

const FRAMEWORKS = ['express', 'fastify'] as const
const ENDPOINT: Endpoint = {
  streamPath: '/?topic=a',
  publish: { path: '/', contentType: 'application/octet-stream' },
}
/** As the text comes: better-sse would make JSON of it. */
const RAW = { keepAlive: null, serializer: String }

async function createPublisher() {
  const hub = await createHub({ broker: createMemoryBroker() })
  const publish = async (request: IncomingMessage): Promise<void> => {
    await hub.publish([{ topic: 'a', data: await text(request) }])
  }
  return { hub, publish }
}

function createBroadcaster() {
  const channel = createChannel()
  let lastId = 0
  const publish = async (request: IncomingMessage): Promise<void> => {
    channel.broadcast(await text(request), 'message', { eventId: String(++lastId) })
  }
  return { channel, publish }
}

async function serveExpress(library: string, port: number): Promise<void> {
  const app = express()
  let publish: (request: IncomingMessage) => Promise<void>
  if (library === 'heartline') {
    const made = await createPublisher()
    publish = made.publish
    app.get('/', expressAdapter.subscribe(made.hub))
  } else {
    const made = createBroadcaster()
    publish = made.publish
    app.get('/', async (request, response) => {
      made.channel.register(await createSession(request, response, RAW))
    })
  }
  app.post('/', async (request, response) => {
    await publish(request)
    response.status(204).end()
  })
  await once(createServer(app).listen({ port, host: '127.0.0.1', backlog: 4_096 }), 'listening')
}

async function serveFastify(library: string, port: number): Promise<void> {
  const app = fastify()
  // The body stays for `publish`.
  app.addContentTypeParser('application/octet-stream', (_request, _payload, done) => done(null))
  let publish: (request: IncomingMessage) => Promise<void>
  if (library === 'heartline') {
    const made = await createPublisher()
    publish = made.publish
    app.get('/', fastifyAdapter.subscribe(made.hub))
  } else {
    const made = createBroadcaster()
    publish = made.publish
    app.get('/', async (request, reply) => {
      reply.hijack()
      made.channel.register(await createSession(request.raw, reply.raw, RAW))
    })
  }
  app.post('/', async (request, reply) => {
    await publish(request.raw)
    return reply.code(204).send()
  })
  await app.listen({ port, host: '127.0.0.1', backlog: 4_096 })
}

async function serve(framework: string, library: string, port: number): Promise<void> {
  if (library === 'heartline') await testSeams()
  await (framework === 'express' ? serveExpress(library, port) : serveFastify(library, port))
}

interface Subject {
  readonly name: string
  readonly child: Child
  readonly target: number
  readonly perSecond: number[]
  readonly cpuMicros: number[]
}

async function start(generator: Generator, name: string, readers: number): Promise<Subject> {
  const port = await freePort()
  const program = fileURLToPath(import.meta.url)
  const command = [process.execPath, ...process.execArgv, program, ...name.split(' '), `${port}`]
  const child = new Child(command, { core: 0 })
  const target = await generator.addTarget(name, port, ENDPOINT)
  const url = `http://127.0.0.1:${port}/nothing`
  while (!(await fetch(url).catch(() => undefined))) {
    if (child.hasEnded) throw new Error(`${name} did not start: ${child.log}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const { opened, problem } = await generator.connect(target, readers)
  if (opened !== readers) throw new Error(`${name} opened ${opened} of ${readers}: ${problem}`)
  return { name, child, target, perSecond: [], cpuMicros: [] }
}

/** Round -1 warms up and is not counted. */
async function measure(generator: Generator, subject: Subject, round: number): Promise<void> {
  const result = await generator.turn(subject.target, {
    loop: 'closed',
    window: 1,
    settleMs: round < 0 ? 1_500 : 150,
    forMs: 600,
    pids: [subject.child.pid],
  })
  if (faultsOf(result) > 0) throw new Error(`${subject.name} lost events: ${result.problem}`)
  if (round < 0) return
  const { perSecond = 0, cpuPerMillion = 0 } = deliveryFigures(result)
  subject.perSecond.push(perSecond)
  subject.cpuMicros.push(cpuPerMillion)
}

const ratios = (over: readonly number[], under: readonly number[]): number[] =>
  over.map((value, i) => value / (under[i] ?? Number.NaN))

function report(ours: Subject, theirs: Subject): void {
  for (const { name, perSecond, cpuMicros } of [ours, theirs]) {
    const cpu = median(cpuMicros).toFixed(2)
    console.log(`${name}: ${Math.round(median(perSecond))} deliveries/s, ${cpu} µs CPU each`)
  }
  const faster = ratios(ours.perSecond, theirs.perSecond)
  const leaner = ratios(theirs.cpuMicros, ours.cpuMicros)
  const range = `${Math.min(...faster).toFixed(2)} to ${Math.max(...faster).toFixed(2)}`
  const cpu = median(leaner).toFixed(2)
  console.log(`  ${median(faster).toFixed(2)} times as fast (${range}), by CPU ${cpu} times`)
}

async function main(readers: number, rounds: number): Promise<void> {
  const generator = new Generator(1)
  const pairs: [Subject, Subject][] = []
  for (const framework of FRAMEWORKS) {
    const ours = await start(generator, `${framework} heartline`, readers)
    pairs.push([ours, await start(generator, `${framework} better-sse`, readers)])
  }
  for (let round = -1; round < rounds; round++) {
    for (const subject of shuffled(pairs.flat())) await measure(generator, subject, round)
  }
  for (const [ours, theirs] of pairs) report(ours, theirs)
  for (const { child } of pairs.flat()) await child.stop()
  await generator.end()
}

const [first, second, third] = process.argv.slice(2)
if (third === undefined) await main(Number(first ?? 700), Number(second ?? 9))
else await serve(first ?? '', second ?? '', Number(third))
