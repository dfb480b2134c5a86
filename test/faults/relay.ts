// One hub on disk and two relays of it, all real processes. Numbered events are published through
// the first relay while the hub is killed (`kill -9`), paused (SIGSTOP: a peer that is there and
// says nothing) and the relays are killed too. Readers sit on both relays, one goes back and forth
// between them with nothing but its cursor: each must see every number once, in order.
//
//   npx tsx test/faults/relay.ts [events] [kills] [relay kills] [pauses] [events per second] [seed]

import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { ledgerHandler } from '../kit/ledger-reader.ts'
import { Ledger } from '../kit/ledger.ts'
import { MovingReader } from '../kit/moving-reader.ts'
import { numberedData } from '../kit/numbered.ts'
import { publishAll } from '../kit/publish-all.ts'
import { Publisher } from '../kit/publisher.ts'
import { seededRandom, toSeed } from '../kit/random.ts'
import { RawReader } from '../kit/reader-raw.ts'
import { streamUrl, type Reader } from '../kit/reader.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'

const TOPIC = 'relay/numbers'
const READERS_PER_RELAY = 3
const CATCH_UP_MS = 90_000
/** Longer than a relay waits for a byte (2.5 heartbeats of 5 s). */
const PAUSE_MS = 16_000
const MOVE_EVERY_MS = 300

export interface RelayRunOptions {
  readonly events: number
  /** Of the upstream. */
  readonly kills: number
  /** Of the second relay. */
  readonly relayKills: number
  readonly pauses: number
  readonly perSecond: number
  readonly seed: number
  readonly log: (line: string) => void
}

export interface RelayRunResult {
  readonly readers: readonly { readonly name: string; readonly ledger: Ledger }[]
  readonly kills: number
  readonly moves: number
  readonly unanswered: number
  readonly repeated: number
  /** What the relay said of a silent upstream. */
  readonly silences: number
  /** The answers of the relay's `/readyz` in the middle of each pause. */
  readonly readyInPause: readonly number[]
  readonly seconds: number
}

interface Cluster {
  readonly upstream: HubProcess
  readonly relays: readonly HubProcess[]
}

export async function runRelay(options: RelayRunOptions): Promise<RelayRunResult> {
  const directory = makeTempDirectory()
  const cluster = await startCluster(directory)
  const { upstream, relays } = cluster
  const publisher = new Publisher(relays[0]?.url ?? '', { topic: TOPIC, attemptMs: 60_000 })
  const urls = relays.map(({ url }) => streamUrl(url, TOPIC))
  const readers: { reader: Pick<Reader, 'close'>; name: string; ledger: Ledger }[] = []
  const started = performance.now()
  const faults = new Faults(cluster, publisher, options)
  const mover = openMover(urls, readers)
  const moving = setInterval(() => void mover.move(), MOVE_EVERY_MS)
  try {
    for (const [relay, url] of urls.entries()) {
      for (let n = 0; n < READERS_PER_RELAY; n++) openReader(`relay ${relay}, ${n}`, url, readers)
    }
    const random = seededRandom(options.seed)
    await Promise.all([publishAll(publisher, options, random), faults.run()])
    clearInterval(moving)
    await waitFor(() => readers.every(({ ledger }) => ledger.last >= options.events), {
      what: 'every reader has the last number',
      timeoutMs: CATCH_UP_MS,
      everyMs: 50,
      report: () => readers.map(({ name, ledger }) => `${name}: ${ledger.last}`).join(', '),
    }).catch((error: unknown) => options.log(String(error)))
  } finally {
    clearInterval(moving)
    await Promise.all(readers.map(({ reader }) => reader.close()))
    publisher.close()
    faults.end()
    await Promise.all([upstream, ...relays].map((hub) => hub.stop()))
    removeTempDirectory(directory)
  }
  return {
    readers: readers.map(({ name, ledger }) => ({ name, ledger })),
    kills: upstream.starts - 1,
    moves: mover.moves,
    unanswered: publisher.failures,
    repeated: publisher.duplicates,
    silences: faults.silences,
    readyInPause: faults.readyInPause,
    seconds: (performance.now() - started) / 1000,
  }
}

async function startCluster(directory: string): Promise<Cluster> {
  const upstream = await startHub({ store: `disk:${directory}`, flags: ['--retry', '200ms'] })
  const open = (): Promise<HubProcess> =>
    startHub({ store: `relay:${upstream.url}`, flags: ['--retry', '100ms'] })
  return { upstream, relays: await Promise.all([open(), open()]) }
}

type Readers = { reader: Pick<Reader, 'close'>; name: string; ledger: Ledger }[]

function openReader(name: string, url: string, readers: Readers): void {
  const ledger = new Ledger()
  const handler = ledgerHandler(ledger, { data: numberedData, dropCovered: false })
  readers.push({ reader: new RawReader({ url, name }, handler), name, ledger })
}

function openMover(urls: readonly string[], readers: Readers): MovingReader {
  const ledger = new Ledger()
  const handler = ledgerHandler(ledger, { data: numberedData, dropCovered: false })
  const reader = new MovingReader(urls, handler)
  readers.push({ reader, name: 'moving', ledger })
  return reader
}

/** What goes wrong, at evenly spread numbers, while the publisher goes on. */
class Faults {
  readonly #cluster: Cluster
  readonly #publisher: Publisher
  readonly #options: RelayRunOptions
  readonly readyInPause: number[] = []
  silences = 0

  constructor(cluster: Cluster, publisher: Publisher, options: RelayRunOptions) {
    this.#cluster = cluster
    this.#publisher = publisher
    this.#options = options
  }

  async run(): Promise<void> {
    const { events, kills, relayKills, pauses, log } = this.#options
    const faults = [
      ...Array.from({ length: kills }, () => 'kill' as const),
      ...Array.from({ length: relayKills }, () => 'relay' as const),
      ...Array.from({ length: pauses }, () => 'pause' as const),
    ]
    for (const [index, fault] of faults.entries()) {
      const at = Math.floor((events * (index + 1)) / (faults.length + 1))
      await waitFor(() => this.#publisher.acknowledged >= at, {
        what: `${at} events are published`,
        timeoutMs: 600_000,
        everyMs: 5,
      })
      const began = performance.now()
      await this.#cause(fault)
      log(`${fault} after ${at} events, over in ${Math.round(performance.now() - began)} ms`)
    }
  }

  /** A paused process could not be ended. */
  end(): void {
    this.#signal('SIGCONT')
  }

  async #cause(fault: 'kill' | 'relay' | 'pause'): Promise<void> {
    const { upstream, relays } = this.#cluster
    if (fault === 'kill') await upstream.killAndRestart()
    else if (fault === 'relay') await relays[1]?.killAndRestart()
    else await this.#pause()
  }

  async #pause(): Promise<void> {
    this.#signal('SIGSTOP')
    await sleep(PAUSE_MS)
    const [relay] = this.#cluster.relays
    const ready = await fetch(`${relay?.url}/readyz`)
    this.readyInPause.push(ready.status)
    if (relay?.errors.includes('silent for') === true) this.silences++
    this.#signal('SIGCONT')
  }

  #signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const { upstream } = this.#cluster
    if (upstream.isRunning) process.kill(upstream.pid, signal)
  }
}

/** What is wrong with a run, in words. Empty when it is as promised. */
export function relayProblems(result: RelayRunResult, options: RelayRunOptions): string[] {
  const { events, pauses } = options
  const problems = result.readers.flatMap(({ name, ledger }) => {
    const own = ledger.problems.map((problem) => `${name}: ${problem}`)
    if (ledger.events !== events) own.push(`${name}: ${ledger.events} of ${events} events`)
    if (ledger.gaps.length > 0) own.push(`${name}: ${JSON.stringify(ledger.gaps)}`)
    return own
  })
  if (result.silences !== pauses) problems.push(`${result.silences} of ${pauses} silences noticed`)
  if (result.readyInPause.some((status) => status !== 503)) {
    problems.push(`ready in a pause: ${result.readyInPause.join()}`)
  }
  return problems
}

async function main(): Promise<boolean> {
  const [events = 50_000, kills = 10, relayKills = 5, pauses = 1, perSecond = 1_000] = process.argv
    .slice(2, 7)
    .map(Number)
  const seed = toSeed(process.argv[7])
  console.log(`relay: ${events} events, ${kills} kills, ${pauses} pauses, seed ${seed}`)
  const options = { events, kills, relayKills, pauses, perSecond, seed, log: console.log }
  const result = await runRelay(options)
  for (const { name, ledger } of result.readers) {
    const missing = ledger.missing(events)
    console.log(`${name.padEnd(12)} ${ledger.events} events, ${missing} missing`)
  }
  const { kills: killed, moves, unanswered, repeated, seconds } = result
  console.log(
    `${killed} kills, ${moves} moves, ${unanswered} unanswered publishes, ` +
      `${repeated} repeated, ${Math.round(seconds)} s`,
  )
  const problems = relayProblems(result, options)
  for (const problem of problems) console.log(problem)
  return problems.length === 0
}

if (isMain(import.meta.url)) await runMain(main)
