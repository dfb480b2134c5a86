// One reader stops reading (its socket is paused, real TCP) while hundreds of megabytes are
// published to its topic. The hub's resident memory must not grow by more than 16 MiB over what the
// same load needs without the stall, and the other readers must not notice. Then it reads again.
//
//   npx tsx test/faults/stalled-reader.ts [memory|disk] [megabytes] [MB per second] [MB of warm-up] [control]

import { startHub } from '../kit/hub-process.ts'
import { httpCall } from '../kit/http-call.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { ledgerHandler } from '../kit/ledger-reader.ts'
import { Ledger } from '../kit/ledger.ts'
import {
  MemoryWatch,
  peakAnonymous,
  peakRss,
  toMegabytes,
  type MemoryUse,
} from '../kit/memory-use.ts'
import { bulkData } from '../kit/numbered.ts'
import { Pace } from '../kit/pace.ts'
import { median, percentile } from '../kit/percentile.ts'
import { Publisher } from '../kit/publisher.ts'
import { RawReader } from '../kit/reader-raw.ts'
import { streamUrl } from '../kit/reader.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'

const TOPIC = 'faults/bulk'
const EVENT_BYTES = 8_192
const BATCH = 8
const READERS = 3
const MEGABYTE = 1_000_000
const MAX_GROWTH_BYTES = 16 * 1_048_576

export interface StallOptions {
  readonly store: 'memory' | 'disk'
  /** Published while one reader does not read. */
  readonly megabytes: number
  /** Published before, with all readers reading. */
  readonly warmUpMegabytes: number
  readonly megabytesPerSecond: number
  /** False for a control: the same load, and nobody stops reading. */
  readonly stalls: boolean
  /** Readers that never stop reading. */
  readonly readers: number
}

export interface StallResult {
  readonly events: number
  /** Resident bytes before the first publish. */
  readonly freshRss: number
  /** Of the second half of the warm-up. */
  readonly before: MemoryFigures
  /** Of the time with a stalled reader. */
  readonly during: MemoryFigures
  readonly growthBytes: number
  readonly latencyBeforeMs: readonly number[]
  readonly latencyDuringMs: readonly number[]
  /** What the hub said of the stalled session in the middle of the stall. */
  readonly stateInStall: string
  readonly healthy: readonly Ledger[]
  readonly stalled: Ledger
  /** Numbers that the stalled reader had when it began to read again. */
  readonly stalledAt: number
  readonly stalledConnects: number
  readonly catchUpSeconds: number
  readonly megabytesPerSecond: number
}

export interface MemoryFigures {
  readonly peakRss: number
  readonly medianRss: number
  readonly peakAnonymous: number
}

export async function runStall(options: StallOptions): Promise<StallResult> {
  const directory = makeTempDirectory()
  const store = options.store === 'disk' ? `disk:${directory}` : 'memory'
  const hub = await startHub({ store, flags: ['--retry', '200ms'] })
  const data = cachedBulkData()
  const publisher = new Publisher(hub.url, { topic: TOPIC, data, withIds: false })
  const url = streamUrl(hub.url, TOPIC)
  let latencies: number[] = []
  const onNumber = (n: number): void => {
    latencies.push(performance.now() - (publisher.sentAt[n] ?? Number.NaN))
  }
  const readers: RawReader[] = []
  const open = (listen?: (n: number) => void): { reader: RawReader; ledger: Ledger } => {
    const ledger = new Ledger()
    const handler = ledgerHandler(ledger, { data, dropCovered: true, onNumber: listen })
    const reader = new RawReader({ url, headers: { 'user-agent': 'stall-test' } }, handler)
    readers.push(reader)
    return { reader, ledger }
  }
  const watch = new MemoryWatch(hub.pid)
  try {
    const healthy = Array.from({ length: options.readers }, () => open(onNumber))
    const stalled = open()
    await waitFor(() => readers.every(({ connects }) => connects > 0), { what: 'readers are open' })
    const freshRss = watch.look().rssBytes
    const publish = (megabytes: number): Promise<void> =>
      publishBulk(publisher, megabytes, options.megabytesPerSecond)
    await publish(options.warmUpMegabytes / 2)
    watch.take()
    latencies = []
    await publish(options.warmUpMegabytes / 2)
    const before = toFigures(watch.take())
    const latencyBeforeMs = latencies
    latencies = []
    if (options.stalls) stalled.reader.pause()
    const stalledFrom = performance.now()
    await publish(options.megabytes / 2)
    const stateInStall = await sessionStates(hub.url)
    await publish(options.megabytes / 2)
    const stallSeconds = (performance.now() - stalledFrom) / 1000
    const during = toFigures(watch.take())
    await waitFor(() => healthy.every(({ ledger }) => ledger.last === publisher.acknowledged), {
      what: 'the other readers have everything',
      report: () => healthy.map(({ ledger }) => ledger.last).join(', '),
    })
    const latencyDuringMs = latencies
    const stalledAt = stalled.ledger.last
    const resumedAt = performance.now()
    stalled.reader.resume()
    await waitFor(() => stalled.ledger.last === publisher.acknowledged, {
      what: 'the stalled reader has the newest event',
      timeoutMs: 120_000,
      report: () => `${stalled.ledger.last} ${stalled.ledger.problems.join()}`,
    })
    stalled.ledger.checkGaps(publisher.offsets)
    return {
      events: publisher.acknowledged,
      freshRss,
      before,
      during,
      growthBytes: during.peakRss - before.peakRss,
      latencyBeforeMs,
      latencyDuringMs,
      stateInStall,
      healthy: healthy.map(({ ledger }) => ledger),
      stalled: stalled.ledger,
      stalledAt,
      stalledConnects: stalled.reader.connects,
      catchUpSeconds: (performance.now() - resumedAt) / 1000,
      megabytesPerSecond: options.megabytes / stallSeconds,
    }
  } finally {
    watch.stop()
    await Promise.all(readers.map((reader) => reader.close()))
    publisher.close()
    await hub.stop()
    removeTempDirectory(directory)
  }
}

/** Every reader asks for the same number in turn: it is made once. */
function cachedBulkData(): (n: number) => string {
  const cache = new Map<number, string>()
  return (n) => {
    let text = cache.get(n)
    if (text === undefined) {
      text = bulkData(n, EVENT_BYTES)
      if (cache.size > 1_000) cache.clear()
      cache.set(n, text)
    }
    return text
  }
}

async function publishBulk(
  publisher: Publisher,
  megabytes: number,
  perSecond: number,
): Promise<void> {
  const pace = new Pace((perSecond * MEGABYTE) / EVENT_BYTES)
  const until = publisher.acknowledged + (megabytes * MEGABYTE) / EVENT_BYTES
  while (publisher.acknowledged < until) {
    await publisher.publish(BATCH)
    await pace.take(BATCH)
  }
  await sleep(200)
}

/** How many sessions the hub says are live, blocked and replaying. */
async function sessionStates(hubUrl: string): Promise<string> {
  const answer = await httpCall(`${hubUrl}/v1/sessions`)
  if (answer.status !== 200) return `unknown (${answer.status})`
  const states = [...answer.text.matchAll(/"state":"(\w+)"/g)].map(([, state]) => String(state))
  return states.sort((one, other) => one.localeCompare(other)).join(' ')
}

function toFigures(samples: readonly MemoryUse[]): MemoryFigures {
  return {
    peakRss: peakRss(samples),
    medianRss: median(samples.map(({ rssBytes }) => rssBytes)),
    peakAnonymous: peakAnonymous(samples),
  }
}

/** What is wrong with a run, whatever its size, in words. */
export function stallProblems(result: StallResult, maxGrowthBytes: number): string[] {
  const problems = result.healthy.flatMap((ledger, index) => [
    ...ledger.problems.map((problem) => `reader ${index}: ${problem}`),
    ...(ledger.events === result.events ? [] : [`reader ${index} has ${ledger.events} events`]),
    ...(ledger.gaps.length === 0 ? [] : [`reader ${index} was told a gap`]),
  ])
  problems.push(...result.stalled.problems.map((problem) => `stalled reader: ${problem}`))
  const missing = result.stalled.missing(result.events)
  if (missing !== 0) problems.push(`stalled reader: ${missing} missing without a word`)
  if (result.growthBytes >= maxGrowthBytes) {
    problems.push(`resident memory grew by ${toMegabytes(result.growthBytes)}`)
  }
  return problems
}

function report(result: StallResult): void {
  const { before, during, stalled } = result
  const line = (name: string, from: number, to: number): void =>
    console.log(`${name}: ${toMegabytes(from)} -> ${toMegabytes(to)} (${toMegabytes(to - from)})`)
  console.log(`${result.events} events, ${result.megabytesPerSecond.toFixed(1)} MB/s in the stall`)
  console.log(`sessions in the stall: ${result.stateInStall}`)
  line('peak RSS, warm -> stall', before.peakRss, during.peakRss)
  line('median RSS, warm -> stall', before.medianRss, during.medianRss)
  line('peak anonymous, warm -> stall', before.peakAnonymous, during.peakAnonymous)
  line('without warm-up: fresh RSS -> peak in stall', result.freshRss, during.peakRss)
  for (const share of [0.5, 0.99]) {
    const ms = [result.latencyBeforeMs, result.latencyDuringMs].map((all) =>
      percentile(all, share).toFixed(1),
    )
    console.log(`other readers p${share * 100}, warm -> stall: ${ms.join(' -> ')} ms`)
  }
  console.log(
    `stalled reader: had ${result.stalledAt}, then ${stalled.events} of ${result.events} events, ` +
      `gaps ${JSON.stringify(stalled.gaps)} admitting ${stalled.admitted}, ` +
      `missing ${stalled.missing(result.events)}, ${result.stalledConnects} connects, ` +
      `caught up in ${result.catchUpSeconds.toFixed(1)} s`,
  )
}

/** p99 may differ by half, and by a few milliseconds on top: two cores carry hub and readers. */
function latencyProblems(result: StallResult): string[] {
  const before = percentile(result.latencyBeforeMs, 0.99)
  const during = percentile(result.latencyDuringMs, 0.99)
  return during <= before * 1.5 + 5 ? [] : [`p99 went from ${before} ms to ${during} ms`]
}

async function main(): Promise<boolean> {
  const [store = 'memory', ...rest] = process.argv.slice(2)
  const [megabytes = 500, megabytesPerSecond = 25, warmUpMegabytes = 500] = rest.map(Number)
  const stalls = rest[3] !== 'control'
  if (store !== 'memory' && store !== 'disk') throw new Error('The store is memory or disk')
  console.log(
    `stalled reader: ${store} store, ${megabytes} MB after ${warmUpMegabytes} MB of warm-up` +
      (stalls ? '' : ', control without a stall'),
  )
  const load = { store, megabytes, warmUpMegabytes, megabytesPerSecond } as const
  const result = await runStall({ ...load, stalls, readers: READERS })
  report(result)
  const problems = [...stallProblems(result, MAX_GROWTH_BYTES), ...latencyProblems(result)]
  for (const problem of problems) console.log(`WRONG ${problem}`)
  return problems.length === 0
}

if (isMain(import.meta.url)) await runMain(main)
