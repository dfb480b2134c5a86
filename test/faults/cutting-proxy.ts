// Many readers behind a TCP proxy that cuts their connections at random places, and a `kill -9` of
// the hub in between. Every number must reach every reader once, in order, or inside an admitted gap.
//
//   npx tsx test/faults/cutting-proxy.ts [readers] [events] [kills] [seed] [kept] [memory|disk]
//
// With a number of kept events that is smaller than what a reader misses while it is away, and with
// a store in memory that a kill empties, gaps are due and must be admitted.

import { CuttingProxy } from '../kit/cutting-proxy.ts'
import { startHub } from '../kit/hub-process.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { ledgerHandler } from '../kit/ledger-reader.ts'
import { Ledger, sumLedgers, type LedgerSums } from '../kit/ledger.ts'
import { numberedData } from '../kit/numbered.ts'
import { Pace } from '../kit/pace.ts'
import { Publisher } from '../kit/publisher.ts'
import { seededRandom, toSeed, wholeBetween } from '../kit/random.ts'
import { RawReader } from '../kit/reader-raw.ts'
import { streamUrl } from '../kit/reader.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import { waitFor } from '../kit/wait-for.ts'

const TOPIC = 'faults/numbers'

export interface CuttingOptions {
  readonly readers: number
  readonly events: number
  readonly kills: number
  readonly perSecond: number
  /** Events that the store keeps. Default: its own default, which keeps all. */
  readonly kept?: number | undefined
  /** Default `disk`. */
  readonly store?: 'disk' | 'memory' | undefined
  /** A connection is cut after at most so many bytes. */
  readonly maxBytes: number
  readonly seed: number
  readonly log: (line: string) => void
}

export interface CuttingResult {
  readonly sums: LedgerSums
  readonly connections: number
  readonly cuts: Readonly<Record<string, number>>
  readonly cutCount: number
  /** Streams opened beyond each reader's first. */
  readonly resumes: number
  readonly refusals: readonly number[]
  readonly kills: number
  readonly problems: readonly string[]
  readonly seconds: number
}

export async function runCutting(options: CuttingOptions): Promise<CuttingResult> {
  const directory = makeTempDirectory()
  const random = seededRandom(options.seed)
  const { kept, store } = options
  const flags = ['--retry', '100ms']
  if (kept !== undefined) flags.push('--retention-max-entries', String(kept))
  const hub = await startHub({ store: store === 'memory' ? store : `disk:${directory}`, flags })
  const { maxBytes } = options
  const proxy = new CuttingProxy({ targetPort: hub.port, random, maxBytes })
  await proxy.listen()
  const publisher = new Publisher(hub.url, { topic: TOPIC })
  const url = streamUrl(proxy.url, TOPIC)
  const started = performance.now()
  const ledgers = Array.from({ length: options.readers }, () => new Ledger())
  const readers = ledgers.map((ledger) => {
    const handler = ledgerHandler(ledger, {
      data: numberedData,
      dropCovered: true,
      mayBeginLate: kept !== undefined,
    })
    return new RawReader({ url, random }, handler)
  })
  const killing = async (kill: number): Promise<void> => {
    const at = Math.floor((options.events * kill) / (options.kills + 1))
    await waitFor(() => publisher.acknowledged >= at, {
      what: `${at} events are published`,
      timeoutMs: 600_000,
      everyMs: 5,
    })
    await hub.killAndRestart()
    options.log(`killed and restarted after ${at} events`)
  }
  try {
    const pace = new Pace(options.perSecond)
    const kills = (async () => {
      for (let kill = 1; kill <= options.kills; kill++) await killing(kill)
    })()
    while (publisher.acknowledged < options.events) {
      const left = options.events - publisher.acknowledged
      const count = Math.min(left, wholeBetween(random, 1, 20))
      await publisher.publish(count, random() < 0.3 ? 'ndjson' : 'array')
      await pace.take(count)
    }
    await kills
    options.log(`${publisher.acknowledged} events published, ${proxy.cutCount} connections cut`)
    proxy.heal()
    await waitFor(() => ledgers.every((ledger) => ledger.last >= options.events), {
      what: 'every reader has the last number',
      timeoutMs: 120_000,
      everyMs: 50,
      report: () => `${ledgers.filter((ledger) => ledger.last < options.events).length} have not`,
    }).catch((error: unknown) => options.log(String(error)))
  } finally {
    await Promise.all(readers.map((reader) => reader.close()))
    publisher.close()
    await proxy.close()
    await hub.stop()
    removeTempDirectory(directory)
  }
  for (const ledger of ledgers) ledger.checkGaps(publisher.offsets)
  return {
    sums: sumLedgers(ledgers, options.events),
    connections: proxy.connections,
    cuts: proxy.cuts,
    cutCount: proxy.cutCount,
    resumes: readers.reduce((sum, reader) => sum + Math.max(0, reader.connects - 1), 0),
    refusals: readers.flatMap((reader) => reader.refusals),
    kills: hub.starts - 1,
    problems: ledgers.flatMap((ledger) => ledger.problems).slice(0, 20),
    seconds: (performance.now() - started) / 1000,
  }
}

async function main(): Promise<boolean> {
  const [readers = 200, events = 10_000, kills = 1] = process.argv.slice(2, 5).map(Number)
  const seed = toSeed(process.argv[5])
  console.log(`cutting proxy: ${readers} readers, ${events} events, ${kills} kills, seed ${seed}`)
  const kept = process.argv[6] === undefined ? undefined : Number(process.argv[6])
  const store = process.argv[7] === 'memory' ? 'memory' : 'disk'
  const options = { readers, events, kills, seed, perSecond: 500, maxBytes: 120_000 }
  const result = await runCutting({ ...options, kept, store, log: console.log })
  const { sums } = result
  console.log(`connections ${result.connections}, cut ${result.cutCount}:`, result.cuts)
  console.log(
    `resumes ${result.resumes}, refused ${result.refusals.length}, events ${sums.events}, ` +
      `duplicates dropped ${sums.duplicatesDropped}, gaps ${sums.gaps} (admitting ${sums.admitted}), ` +
      `missing ${sums.missing}, problems ${sums.problems}, ${result.seconds.toFixed(1)} s`,
  )
  for (const problem of result.problems) console.log(`WRONG ${problem}`)
  return sums.missing === 0 && sums.problems === 0
}

if (isMain(import.meta.url)) await runMain(main)
