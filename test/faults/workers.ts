// Kills workers (`kill -9`) while numbered events are published through all of them, and checks that
// every reader sees every number once, in order: its next connection lands on any worker and goes on
// from its cursor. At the end all processes leave in good order, and a new start goes on.
//
//   npx tsx test/faults/workers.ts [workers] [readers] [events] [kills] [events per second] [seed] [memory|disk]

import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { ledgerHandler } from '../kit/ledger-reader.ts'
import { Ledger, sumLedgers, type LedgerSums } from '../kit/ledger.ts'
import { numberedData } from '../kit/numbered.ts'
import { publishAll } from '../kit/publish-all.ts'
import { Publisher } from '../kit/publisher.ts'
import { seededRandom, toSeed } from '../kit/random.ts'
import { RawReader } from '../kit/reader-raw.ts'
import { streamUrl } from '../kit/reader.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'
import { isAlive, workerPids } from '../kit/worker-pids.ts'

const TOPIC = 'workers/numbers'
/** A worker is killed when the one before it is back, and readers are on it. */
const BETWEEN_KILLS_MS = 500

export interface WorkersOptions {
  readonly workers: number
  readonly readers: number
  readonly events: number
  readonly kills: number
  readonly perSecond: number
  readonly seed: number
  /** Default `disk`. */
  readonly store?: 'disk' | 'memory' | undefined
  readonly log: (line: string) => void
}

export interface WorkersResult {
  readonly sums: LedgerSums
  readonly kills: number
  /** Streams opened beyond each reader's first. */
  readonly resumes: number
  readonly refusals: readonly number[]
  /** Publishes that died with the worker they were sent to. */
  readonly unanswered: number
  readonly repeated: number
  readonly exitCode: number | string
  /** Processes that were left over. */
  readonly leftOver: number
  readonly problems: readonly string[]
  readonly seconds: number
}

export async function runWorkers(options: WorkersOptions): Promise<WorkersResult> {
  const directory = makeTempDirectory()
  const { log, workers } = options
  const hub = await startHub({
    store: options.store === 'memory' ? 'memory' : `disk:${directory}`,
    flags: ['--retry', '100ms', '--workers', String(workers), '--drain-deadline', '2s'],
  })
  const publisher = new Publisher(hub.url, { topic: TOPIC, attemptMs: 5_000 })
  const random = seededRandom(options.seed)
  const ledgers = Array.from({ length: options.readers }, () => new Ledger())
  const started = performance.now()
  const url = streamUrl(hub.url, TOPIC)
  // What a plain reader sees counts: nothing is dropped.
  const readers = ledgers.map(
    (ledger) =>
      new RawReader(
        { url, random },
        ledgerHandler(ledger, { data: numberedData, dropCovered: false }),
      ),
  )
  const seen = new Set<number>()
  let kills = 0
  let exitCode: number | string = 'running'
  try {
    await Promise.all([
      publishAll(publisher, options, random),
      killOften(hub, publisher, options, (pid) => {
        kills++
        seen.add(pid)
      }),
    ])
    log(`${publisher.acknowledged} events are published, ${kills} workers were killed`)
    await waitFor(() => ledgers.every((ledger) => ledger.last >= options.events), {
      what: 'every reader has the last number',
      timeoutMs: 60_000,
      everyMs: 50,
      report: () => `${ledgers.filter((ledger) => ledger.last < options.events).length} have not`,
    }).catch((error: unknown) => log(String(error)))
    for (const pid of workerPids(hub.errors).values()) seen.add(pid)
    exitCode = await hub.terminate()
    log(`left with ${exitCode}`)
  } finally {
    await Promise.all(readers.map((reader) => reader.close()))
    publisher.close()
    await hub.stop()
    removeTempDirectory(directory)
  }
  return {
    sums: sumLedgers(ledgers, options.events),
    kills,
    resumes: readers.reduce((sum, reader) => sum + Math.max(0, reader.connects - 1), 0),
    refusals: readers.flatMap((reader) => reader.refusals),
    unanswered: publisher.failures,
    repeated: publisher.duplicates,
    exitCode,
    leftOver: [...seen].filter(isAlive).length,
    problems: ledgers.flatMap((ledger) => ledger.problems).slice(0, 20),
    seconds: (performance.now() - started) / 1000,
  }
}

/** Kills one worker after the other at evenly spread numbers, while the publisher goes on. */
async function killOften(
  hub: HubProcess,
  publisher: Publisher,
  { events, kills, log, workers }: WorkersOptions,
  onKill: (pid: number) => void,
): Promise<void> {
  for (let kill = 1; kill <= kills; kill++) {
    const at = Math.floor((events * kill) / (kills + 1))
    await waitFor(() => publisher.acknowledged >= at, {
      what: `${at} events are published`,
      timeoutMs: 600_000,
      everyMs: 5,
    })
    const number = ((kill - 1) % workers) + 1
    const pid = workerPids(hub.errors).get(number)
    if (pid === undefined) throw new Error(`There is no worker ${number}`)
    const killedAt = performance.now()
    process.kill(pid, 'SIGKILL')
    onKill(pid)
    await waitFor(() => workerPids(hub.errors).get(number) !== pid, {
      what: 'another worker has its place',
    })
    log(`killed worker ${number}, replaced in ${Math.round(performance.now() - killedAt)} ms`)
    await sleep(BETWEEN_KILLS_MS)
  }
}

async function main(): Promise<boolean> {
  const [workers = 3, readers = 200, events = 20_000, kills = 12, perSecond = 800] = process.argv
    .slice(2, 7)
    .map(Number)
  const seed = toSeed(process.argv[7])
  const store = process.argv[8] === 'memory' ? 'memory' : 'disk'
  console.log(
    `workers: ${workers} workers, ${readers} readers, ${events} events, ${kills} kills, seed ${seed}`,
  )
  const options = { workers, readers, events, kills, perSecond, seed, store } as const
  const result = await runWorkers({ ...options, log: console.log })
  const { sums } = result
  console.log(
    `kills ${result.kills}, resumes ${result.resumes}, refused ${result.refusals.length}, ` +
      `events ${sums.events}, gaps ${sums.gaps}, missing ${sums.missing}, ` +
      `problems ${sums.problems} (duplicates, order, content), ${result.seconds.toFixed(1)} s`,
  )
  console.log(
    `${result.unanswered} unanswered publishes, of whose events ${result.repeated} were stored; ` +
      `exit code ${result.exitCode}, ${result.leftOver} processes left over`,
  )
  for (const problem of result.problems) console.log(`WRONG ${problem}`)
  const isRight = sums.missing === 0 && sums.problems === 0 && sums.gaps === 0
  return isRight && result.exitCode === 0 && result.leftOver === 0
}

if (isMain(import.meta.url)) await runMain(main)
