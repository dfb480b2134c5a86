/**
 * Clients on a network that does everything wrong, against the real hub, which is killed now and
 * then. Time runs fast for the hub and for the clients alike: their heartbeats, waits and time
 * limits are those of every day. Program: `npx tsx --conditions=@heartline/source
 * test/faults/client-chaos.ts [minutes] [seed] [kept events] [times as fast]`. Prints counts; exits
 * with 1 when one is wrong.
 */
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, request as sendRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { memoryStore } from '@heartline/client'
import { fileStore } from '@heartline/client/node'
import type { AttemptCount } from '../kit/attempt-account.ts'
import {
  CHAOS_RETRY_MS,
  chaosLength,
  ClientReader,
  EventSourceReader,
  type ChaosReader,
  type ChaosReaderSetup,
} from '../kit/chaos-reader.ts'
import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { numberedData } from '../kit/numbered.ts'
import { Publisher } from '../kit/publisher.ts'
import { seededRandom, toSeed, wholeBetween, type Random } from '../kit/random.ts'
import { FastTime, ShakenWorld } from '../kit/shaken-world.ts'
import { makeTempDirectory } from '../kit/temp-directory.ts'
import { TROUBLES, TroubleProxy } from '../kit/trouble-proxy.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'

const FAST_TIME = fileURLToPath(new URL('../kit/fast-time.mjs', import.meta.url))
/** Simulated. */
const PUBLISH_EVERY_MS = 330
const OF_THE_PAGE = ['clock jump', 'tab freeze'] as const
/** Of readers that drop what they had, where the hub still has all of it. */
const STALE = 'stale place'
const OF_THE_SERVER = 'server restart'
const CALM = 'calm'
/** Enough to bring back everything that was missed in half an hour. */
const KEEPS_ALL = 100_000

export interface ClientChaosOptions {
  /** Simulated minutes. */
  readonly minutes: number
  readonly seed: number
  /** Events that the hub keeps. Default: all. */
  readonly kept?: number | undefined
  /** How many times as fast as the machine's time runs. Default 20. */
  readonly factor?: number | undefined
}

/** What one reader met, or all of them under one kind of trouble. */
export interface AttemptRow {
  readonly name: string
  readonly times: number
  readonly connections: number
  readonly attempts: number
  readonly allowed: number
}

export interface ReaderRow {
  readonly name: string
  readonly delivered: number
  readonly duplicates: number
  readonly missing: number
  readonly gapSizes: readonly number[]
  readonly attempts: number
  readonly allowed: number
  readonly watchdog: number
  readonly made: number
  readonly ends: Readonly<Record<string, number>>
}

export interface ClientChaosResult {
  readonly published: number
  readonly readers: readonly ReaderRow[]
  readonly troubles: readonly AttemptRow[]
  readonly waitsTooShort: number
  readonly problems: readonly string[]
  readonly simulatedMs: number
  readonly realMs: number
}

interface Phase {
  readonly name: string
  readonly from: number
  to: number
}

/** Runs for so long, then heals the network and waits until everything was read. */
export async function runClientChaos(options: ClientChaosOptions): Promise<ClientChaosResult> {
  const chaos = new Chaos(options)
  try {
    return await chaos.run()
  } finally {
    await chaos.close()
  }
}

class Chaos {
  readonly #time: FastTime
  readonly #random: Random
  readonly #endsAt: number
  readonly #kept: number
  readonly #seed: number
  readonly #startedAt = performance.now()
  readonly #directory = makeTempDirectory()
  readonly #readers: ChaosReader[] = []
  readonly #proxies: TroubleProxy[] = []
  readonly #phases = new Map<ChaosReader, Phase[]>()
  readonly #restarts: Phase[] = []
  #hub: HubProcess | undefined
  #gateway: Server | undefined
  #publisher: Publisher | undefined
  #isPublishing = true

  constructor({ minutes, seed, kept = KEEPS_ALL, factor = 20 }: ClientChaosOptions) {
    this.#time = new FastTime(factor)
    this.#seed = seed
    this.#random = seededRandom(seed)
    this.#endsAt = minutes * 60_000
    this.#kept = kept
  }

  async run(): Promise<ClientChaosResult> {
    const hub = await this.#startHub()
    this.#publisher = new Publisher(hub.url, {
      topic: 'n',
      data: (n) => numberedData(n, chaosLength(n)),
    })
    await this.#addReaders(hub)
    for (const reader of this.#readers) reader.start()
    const all = (): boolean => this.#readers.every(({ isOpen }) => isOpen)
    const report = (): string =>
      this.#readers.map(({ setup, ends }) => `${setup.name} ${JSON.stringify(ends)}`).join(', ')
    await waitFor(all, { what: 'all readers are open', report })
    const begin = this.#time.elapsedMs
    const publishing = this.#publish(this.#publisher)
    const until = begin + this.#endsAt
    await Promise.all([
      this.#restartOften(hub, until),
      ...this.#readers.map((reader, index) => this.#shake(reader, index, until)),
    ])
    this.#isPublishing = false
    await publishing
    for (const proxy of this.#proxies) proxy.heal()
    await this.#untilRead()
    return this.#toResult(begin)
  }

  async close(): Promise<void> {
    this.#isPublishing = false
    for (const reader of this.#readers) reader.stop()
    for (const proxy of this.#proxies) await proxy.close()
    this.#gateway?.closeAllConnections()
    this.#gateway?.close()
    this.#publisher?.close()
    await this.#hub?.stop()
  }

  async #startHub(): Promise<HubProcess> {
    this.#hub = await startHub({
      store: `disk:${this.#directory}/log`,
      nodeFlags: ['--import', FAST_TIME],
      environment: this.#time.environment,
      flags: [
        `--retention-max-entries=${this.#kept}`,
        `--retry=${CHAOS_RETRY_MS}ms`,
        '--disk-fsync=interval',
        '--log-level=error',
      ],
    })
    return this.#hub
  }

  async #addReaders(hub: HubProcess): Promise<void> {
    this.#gateway = await startGateway(hub.port)
    const gatewayPort = (this.#gateway.address() as AddressInfo).port
    const file = `${this.#directory}/place`
    const memory = memoryStore()
    const stored = { delivery: 'exactly-once' as const }
    this.#readers.push(
      new ClientReader(await this.#setUp('createClient', [hub.port])),
      new ClientReader(await this.#setUp('memory store', [hub.port]), {
        ...stored,
        store: memory,
        isSlow: true,
        handlerMs: 0,
        saved: async () => memory.load(),
      }),
      new ClientReader(await this.#setUp('file store', [hub.port]), {
        ...stored,
        // Read at once: the disk is not as fast as the time, and a store may take 5 s only.
        store: { ...fileStore(file), load: () => placeIn(file) },
        saved: () => readFile(file, 'utf8').catch(() => undefined),
      }),
      new ClientReader(await this.#setUp('slow for await', [hub.port]), { isLoop: true }),
      new ClientReader(await this.#setUp('two endpoints', [hub.port, hub.port])),
      new ClientReader(await this.#setUp('POST with a body', [gatewayPort]), {
        method: 'POST',
        body: JSON.stringify({ topic: 'n' }),
        repeat: true,
        acknowledge: false,
      }),
      new EventSourceReader(await this.#setUp('EventSource', [hub.port])),
    )
  }

  async #setUp(name: string, targets: readonly number[]): Promise<ChaosReaderSetup> {
    const random = seededRandom(this.#seed * 31 + this.#proxies.length)
    const proxies: TroubleProxy[] = []
    for (const targetPort of targets) {
      const proxy = new TroubleProxy({ targetPort, random, time: this.#time })
      await proxy.listen()
      proxies.push(proxy)
    }
    this.#proxies.push(...proxies)
    const world = new ShakenWorld(this.#time)
    const published = (): number => this.#publisher?.acknowledged ?? 0
    return { name, world, random, proxies, published, kept: this.#kept }
  }

  async #publish(publisher: Publisher): Promise<void> {
    while (this.#isPublishing) {
      await publisher.publish(1)
      await this.#time.sleep(PUBLISH_EVERY_MS * 2 * this.#random())
    }
  }

  /** One trouble after the other, each as often as the others, with calm in between. */
  async #shake(reader: ChaosReader, index: number, until: number): Promise<void> {
    const random = seededRandom(this.#seed * 101 + index)
    const phases: Phase[] = []
    this.#phases.set(reader, phases)
    const left = (): number => until - this.#time.elapsedMs
    let bag: string[] = []
    while (left() > 0) {
      if (bag.length === 0) bag = shuffled(this.#kindsFor(reader), random)
      const name = bag.pop() ?? CALM
      await this.#phase(phases, CALM, Math.min(wholeBetween(random, 3000, 25_000), left()))
      if (left() <= 0) return
      if (random() < 0.2) await reader.restart()
      const end = this.#afflict(reader, name, random)
      await this.#phase(phases, name, Math.min(wholeBetween(random, 15_000, 80_000), left()))
      end()
    }
  }

  #kindsFor(reader: ChaosReader): string[] {
    const common: string[] = [...TROUBLES, ...OF_THE_PAGE]
    return reader.isExact && this.#kept === KEEPS_ALL ? [...common, STALE] : common
  }

  async #phase(phases: Phase[], name: string, ms: number): Promise<void> {
    const from = this.#time.elapsedMs
    await this.#time.sleep(ms)
    phases.push({ name, from, to: this.#time.elapsedMs })
  }

  /** @returns Ends it. */
  #afflict(reader: ChaosReader, name: string, random: Random): () => void {
    if (name === 'clock jump') {
      reader.jump(wholeBetween(random, -600_000, 600_000))
      return () => {}
    }
    if (name === 'tab freeze') {
      reader.setup.world.freeze()
      return () => reader.thaw(random() < 0.5)
    }
    const { proxies, world } = reader.setup
    if (name === STALE) return this.#age(world, proxies)
    // With two, mostly the preferred one; at times both.
    const hit = random() < 0.7 ? proxies.slice(0, 1) : proxies
    for (const proxy of hit) proxy.begin(name as (typeof TROUBLES)[number])
    return () => {
      for (const proxy of hit) proxy.end()
    }
  }

  /** Its connections are cut, and it asks for what it has had already. */
  #age(world: ShakenWorld, proxies: readonly TroubleProxy[]): () => void {
    world.isStale = true
    for (const proxy of proxies) proxy.begin('cuts')
    return () => {
      world.isStale = false
      for (const proxy of proxies) proxy.end()
    }
  }

  async #restartOften(hub: HubProcess, until: number): Promise<void> {
    for (;;) {
      const pause = wholeBetween(this.#random, 100_000, 260_000)
      await this.#time.sleep(Math.min(pause, until - this.#time.elapsedMs))
      if (this.#time.elapsedMs >= until) return
      const from = this.#time.elapsedMs
      if (this.#random() < 0.7) await hub.kill()
      else await hub.terminate()
      await hub.start()
      this.#restarts.push({ name: OF_THE_SERVER, from, to: this.#time.elapsedMs })
    }
  }

  async #untilRead(): Promise<void> {
    const published = this.#publisher?.acknowledged ?? 0
    const isRead = (): boolean => this.#readers.every(({ ledger }) => ledger.last >= published)
    const report = (): string =>
      this.#readers.map(({ setup, ledger }) => `${setup.name} ${ledger.last}`).join(', ')
    // Whoever is behind shows up in the counts.
    await waitFor(isRead, { what: 'everything is read', timeoutMs: 30_000, report }).catch(
      (error: Error) => console.error(error.message),
    )
    // What comes twice comes now.
    await sleep(200)
  }

  #toResult(begin: number): ClientChaosResult {
    const published = this.#publisher?.acknowledged ?? 0
    const end = this.#time.elapsedMs
    const named = this.#readers.map(({ setup, ledger, account }) => ({ setup, ledger, account }))
    return {
      published,
      readers: this.#readers.map((reader) => {
        return toReaderRow(reader, published, this.#countBySpan(reader, end))
      }),
      troubles: [CALM, ...TROUBLES, ...OF_THE_PAGE, STALE, OF_THE_SERVER].map((name) =>
        this.#toAttemptRow(name),
      ),
      waitsTooShort: named.reduce((sum, { account }) => sum + account.tooShort, 0),
      problems: named.flatMap(({ setup, ledger, account }) =>
        [...ledger.problems, ...account.problems].map((problem) => `${setup.name}: ${problem}`),
      ),
      simulatedMs: end - begin,
      realMs: performance.now() - this.#startedAt,
    }
  }

  /** The spans of trouble and calm, and what is before and after them. */
  #countBySpan(reader: ChaosReader, end: number): AttemptCount {
    const phases = this.#phases.get(reader) ?? []
    const edges = [0, ...phases.map(({ to }) => to), end]
    const counts = edges.slice(1).map((to, index) => reader.account.count(edges[index] ?? 0, to))
    const sum = (name: keyof AttemptCount): number =>
      counts.reduce((running, count) => running + count[name], 0)
    return { made: sum('made'), allowed: sum('allowed') }
  }

  #toAttemptRow(name: string): AttemptRow {
    let [times, attempts, allowed] = [0, 0, 0]
    for (const reader of this.#readers) {
      const phases = name === OF_THE_SERVER ? this.#restarts : (this.#phases.get(reader) ?? [])
      for (const phase of phases.filter((each) => each.name === name)) {
        const count = reader.account.count(phase.from, phase.to)
        times++
        attempts += count.made
        allowed += count.allowed
      }
    }
    const connections = this.#proxies.reduce(
      (sum, { met }) => sum + ((met as Record<string, number>)[name] ?? 0),
      0,
    )
    if (name === OF_THE_SERVER) times = this.#restarts.length
    if (name === STALE) {
      const stale = this.#readers.reduce((sum, { setup }) => sum + setup.world.stale, 0)
      return { name, times, connections: stale, attempts, allowed }
    }
    return { name, times, connections, attempts, allowed }
  }
}

const FOUND = ['HL_CLIENT_SILENT', 'HL_CLIENT_NO_FIRST_BYTE', 'HL_CLIENT_CONNECT_TIMEOUT']

function toReaderRow(reader: ChaosReader, published: number, count: AttemptCount): ReaderRow {
  const { setup, ledger, ends, gapSizes, made } = reader
  const { made: attempts, allowed } = count
  return {
    name: setup.name,
    delivered: ledger.events,
    duplicates: ledger.problems.filter((problem) => problem.includes(' came after ')).length,
    missing: ledger.missing(published),
    gapSizes,
    attempts,
    allowed,
    watchdog: FOUND.reduce((sum, code) => sum + (ends[code] ?? 0), 0),
    made,
    ends,
  }
}

function placeIn(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/** Takes a request for a stream as a POST with a body, as gateways of applications do. */
async function startGateway(hubPort: number): Promise<Server> {
  const server = createServer((request, response) => {
    let body = ''
    response.on('error', () => {})
    request.on('error', () => {})
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      const { topic } = JSON.parse(body) as { topic: string }
      const { host: _, 'content-length': __, ...headers } = request.headers
      const path = `/v1/events?topic=${topic}`
      const upstream = sendRequest({ port: hubPort, host: '127.0.0.1', path, headers })
      upstream.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders()
        answer.on('error', () => response.destroy())
        answer.pipe(response)
      })
      upstream.on('error', () => {
        if (response.headersSent) response.destroy()
        else response.writeHead(502).end()
      })
      response.on('close', () => upstream.destroy())
      upstream.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function shuffled<Item>(items: Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/** True when every event came once or a true gap was said, with no more requests than allowed. */
export function isChaosGood(result: ClientChaosResult): boolean {
  const { readers, troubles, waitsTooShort, problems, published } = result
  return (
    problems.length === 0 &&
    waitsTooShort === 0 &&
    // No network is silent for so long without somebody noticing.
    readers.some(({ watchdog }) => watchdog > 0) &&
    troubles.every(({ attempts, allowed }) => attempts <= allowed) &&
    readers.every(
      ({ missing, duplicates, delivered, gapSizes, attempts, allowed }) =>
        missing === 0 &&
        duplicates === 0 &&
        attempts <= allowed &&
        delivered + gapSizes.reduce((sum, size) => sum + size, 0) === published,
    )
  )
}

function print(result: ClientChaosResult): void {
  const { published, readers, troubles, waitsTooShort, problems, simulatedMs, realMs } = result
  console.log(`published ${published} events`)
  console.table(
    readers.map(({ ends: _ends, gapSizes, ...row }) => ({
      ...row,
      gaps: gapSizes.length,
      'events in gaps': gapSizes.reduce((sum, size) => sum + size, 0),
    })),
  )
  console.table(troubles)
  for (const { name, gapSizes } of readers) {
    if (gapSizes.length > 0) console.log(`gaps of ${name}: ${gapSizes.join(' ')}`)
  }
  for (const { name, ends } of readers) console.log(`ends of ${name}: ${JSON.stringify(ends)}`)
  console.log(`waits shorter than the ladder allows: ${waitsTooShort}`)
  for (const problem of problems) console.log(`WRONG: ${problem}`)
  const minutes = (simulatedMs / 60_000).toFixed(1)
  console.log(`${minutes} simulated minutes in ${(realMs / 1000).toFixed(1)} s`)
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const [minutes = '30', seedText, kept, factor] = process.argv.slice(2)
    const seed = toSeed(seedText)
    console.log(`seed ${seed}`)
    const result = await runClientChaos({
      minutes: Number(minutes),
      seed,
      kept: kept === undefined ? undefined : Number(kept),
      factor: factor === undefined ? undefined : Number(factor),
    })
    print(result)
    return isChaosGood(result)
  })
}
