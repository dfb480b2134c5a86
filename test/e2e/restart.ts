// Kills the hub again and again (`kill -9`) while numbered events are published, and checks event by
// event that three clients which know nothing of Heartline see every number once, in order:
// Chromium's own EventSource, the npm package `eventsource`, and curl with `Last-Event-ID`.
//
//   npx tsx test/e2e/restart.ts [events] [kills] [events per second] [seed]

import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { ledgerHandler } from '../kit/ledger-reader.ts'
import { Ledger } from '../kit/ledger.ts'
import { numberedData } from '../kit/numbered.ts'
import { publishAll } from '../kit/publish-all.ts'
import { Publisher } from '../kit/publisher.ts'
import { seededRandom, toSeed } from '../kit/random.ts'
import { openChromiumReader } from '../kit/reader-chromium.ts'
import { CurlReader } from '../kit/reader-curl.ts'
import { EventSourceReader } from '../kit/reader-eventsource.ts'
import { streamUrl, type Reader, type ReaderHandler } from '../kit/reader.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import { waitFor } from '../kit/wait-for.ts'

const TOPIC = 'restart/numbers'
const CATCH_UP_MS = 60_000

export interface RestartOptions {
  readonly events: number
  readonly kills: number
  readonly perSecond: number
  readonly seed: number
  /** False leaves Chromium out, for a machine without it. */
  readonly withChromium: boolean
  readonly log: (line: string) => void
}

export interface RestartReader {
  readonly name: string
  readonly connects: number
  readonly ledger: Ledger
}

export interface RestartResult {
  readonly readers: readonly RestartReader[]
  readonly kills: number
  /** Publishes that were not answered because the hub was dead or died. */
  readonly unanswered: number
  /** Events that an unanswered publish had stored after all. */
  readonly repeated: number
  readonly seconds: number
}

export async function runRestart(options: RestartOptions): Promise<RestartResult> {
  const directory = makeTempDirectory()
  const flags = ['--retry', '200ms']
  const hub = await startHub({ store: `disk:${directory}`, flags })
  const publisher = new Publisher(hub.url, { topic: TOPIC })
  const readers: { reader: Reader; ledger: Ledger }[] = []
  const started = performance.now()
  try {
    const url = streamUrl(hub.url, TOPIC)
    const add = async (open: (handler: ReaderHandler) => Reader | Promise<Reader>) => {
      const ledger = new Ledger()
      // What the page itself sees counts: nothing is dropped.
      const handler = ledgerHandler(ledger, { data: numberedData, dropCovered: false })
      readers.push({ reader: await open(handler), ledger })
    }
    await add((handler) => new EventSourceReader(url, handler))
    await add((handler) => new CurlReader(url, handler))
    if (options.withChromium) await add((handler) => openChromiumReader(url, handler))
    const random = seededRandom(options.seed)
    await Promise.all([publishAll(publisher, options, random), killOften(hub, publisher, options)])
    await waitFor(() => readers.every(({ ledger }) => ledger.last >= options.events), {
      what: 'every reader has the last number',
      timeoutMs: CATCH_UP_MS,
      everyMs: 50,
      report: () => readers.map(({ reader, ledger }) => `${reader.name} ${ledger.last}`).join(', '),
    }).catch((error: unknown) => options.log(String(error)))
  } finally {
    await Promise.all(readers.map(({ reader }) => reader.close()))
    publisher.close()
    await hub.stop()
    removeTempDirectory(directory)
  }
  return {
    readers: readers.map(({ reader, ledger }) => ({
      name: reader.name,
      connects: reader.connects,
      ledger,
    })),
    kills: hub.starts - 1,
    unanswered: publisher.failures,
    repeated: publisher.duplicates,
    seconds: (performance.now() - started) / 1000,
  }
}

/** Kills the hub at evenly spread numbers, while the publisher goes on. */
async function killOften(
  hub: HubProcess,
  publisher: Publisher,
  { events, kills, log }: RestartOptions,
): Promise<void> {
  for (let kill = 1; kill <= kills; kill++) {
    const at = Math.floor((events * kill) / (kills + 1))
    await waitFor(() => publisher.acknowledged >= at, {
      what: `${at} events are published`,
      timeoutMs: 600_000,
      everyMs: 5,
    })
    const killedAt = performance.now()
    await hub.killAndRestart()
    log(`kill ${kill} after ${at} events, back in ${Math.round(performance.now() - killedAt)} ms`)
  }
}

/** What is wrong with a run, in words. Empty when it is as promised. */
export function restartProblems(result: RestartResult, events: number): string[] {
  return result.readers.flatMap(({ name, ledger, connects }) => {
    const problems = ledger.problems.map((problem) => `${name}: ${problem}`)
    if (ledger.events !== events) problems.push(`${name}: ${ledger.events} of ${events} events`)
    if (ledger.gaps.length > 0) problems.push(`${name}: ${JSON.stringify(ledger.gaps)}`)
    if (connects <= result.kills) problems.push(`${name}: only ${connects} connects`)
    return problems
  })
}

async function main(): Promise<boolean> {
  const [events = 100_000, kills = 20, perSecond = 1_500] = process.argv.slice(2, 5).map(Number)
  const seed = toSeed(process.argv[5])
  console.log(`restart: ${events} events, ${kills} kills, seed ${seed}`)
  const options = { events, kills, perSecond, seed, withChromium: true, log: console.log }
  const result = await runRestart(options)
  for (const { name, connects, ledger } of result.readers) {
    const { events: seen, problemCount, gaps } = ledger
    const missing = ledger.missing(events)
    console.log(
      `${name.padEnd(12)} ${seen} events, ${missing} missing, ${gaps.length} gaps, ` +
        `${problemCount} problems (duplicates, order, content), ${connects} connects`,
    )
  }
  console.log(
    `${result.kills} kills, ${result.unanswered} unanswered publishes, of whose events ` +
      `${result.repeated} were stored; ${result.seconds.toFixed(1)} s`,
  )
  const problems = restartProblems(result, events)
  for (const problem of problems) console.log(`WRONG ${problem}`)
  return problems.length === 0
}

if (isMain(import.meta.url)) await runMain(main)
