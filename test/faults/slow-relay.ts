// A relay that takes nothing (its process is stopped) while hundreds of megabytes are published at
// its upstream: the upstream must not hold them for it. Once the relay goes on, it reads what it
// missed from the log, and its reader gets every number.
//
//   npx tsx test/faults/slow-relay.ts [megabytes] [MB per second] [MB of warm-up]

import { startHub } from '../kit/hub-process.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { ledgerHandler } from '../kit/ledger-reader.ts'
import { Ledger } from '../kit/ledger.ts'
import { MemoryWatch, peakRss, toMegabytes } from '../kit/memory-use.ts'
import { bulkData } from '../kit/numbered.ts'
import { Pace } from '../kit/pace.ts'
import { Publisher } from '../kit/publisher.ts'
import { RawReader } from '../kit/reader-raw.ts'
import { streamUrl } from '../kit/reader.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import { waitFor } from '../kit/wait-for.ts'

const TOPIC = 'relay/bulk'
const EVENT_BYTES = 8_192
const BATCH = 8
const MEGABYTE = 1_000_000
const MAX_GROWTH_BYTES = 24 * 1_048_576

export interface SlowRelayOptions {
  /** Published while the relay stands still. */
  readonly megabytes: number
  /** Published before, with the relay following. */
  readonly warmUpMegabytes: number
  readonly megabytesPerSecond: number
}

export interface SlowRelayResult {
  readonly events: number
  /** Of the upstream: the largest while the relay stood still, less the largest before. */
  readonly growthBytes: number
  readonly peakBytes: number
  /** Numbers that the relay's reader had when the relay stood still. */
  readonly stoodAt: number
  readonly ledger: Ledger
  readonly catchUpSeconds: number
}

export async function runSlowRelay(options: SlowRelayOptions): Promise<SlowRelayResult> {
  const directory = makeTempDirectory()
  const upstream = await startHub({ store: `disk:${directory}`, flags: ['--disk-fsync', 'never'] })
  const relay = await startHub({ store: `relay:${upstream.url}`, flags: ['--retry', '100ms'] })
  const data = (n: number): string => bulkData(n, EVENT_BYTES)
  const publisher = new Publisher(upstream.url, { topic: TOPIC, data, withIds: false })
  const ledger = new Ledger()
  const handler = ledgerHandler(ledger, { data, dropCovered: false })
  const reader = new RawReader({ url: streamUrl(relay.url, TOPIC) }, handler)
  const watch = new MemoryWatch(upstream.pid)
  const publish = (megabytes: number): Promise<void> =>
    publishBulk(publisher, megabytes, options.megabytesPerSecond)
  try {
    await publish(options.warmUpMegabytes)
    const before = peakRss(watch.take())
    process.kill(relay.pid, 'SIGSTOP')
    const stoodAt = ledger.last
    await publish(options.megabytes)
    const peakBytes = peakRss(watch.take())
    process.kill(relay.pid, 'SIGCONT')
    const resumedAt = performance.now()
    await waitFor(() => ledger.last === publisher.acknowledged, {
      what: 'the reader of the relay has everything',
      timeoutMs: 120_000,
      report: () => `${ledger.last} of ${publisher.acknowledged} ${ledger.problems.join()}`,
    })
    const catchUpSeconds = (performance.now() - resumedAt) / 1000
    const events = publisher.acknowledged
    return { events, growthBytes: peakBytes - before, peakBytes, stoodAt, ledger, catchUpSeconds }
  } finally {
    watch.stop()
    await reader.close()
    publisher.close()
    if (relay.isRunning) process.kill(relay.pid, 'SIGCONT')
    await Promise.all([relay.stop(), upstream.stop()])
    removeTempDirectory(directory)
  }
}

async function publishBulk(publisher: Publisher, megabytes: number, rate: number): Promise<void> {
  const pace = new Pace((rate * MEGABYTE) / EVENT_BYTES)
  const events = Math.ceil((megabytes * MEGABYTE) / EVENT_BYTES)
  for (let done = 0; done < events; done += BATCH) {
    await publisher.publish(BATCH)
    await pace.take(BATCH)
  }
}

/** What is wrong with a run, in words. */
export function slowRelayProblems(result: SlowRelayResult): string[] {
  const { ledger, growthBytes, events, stoodAt } = result
  const problems = [...ledger.problems]
  if (ledger.events !== events) problems.push(`${ledger.events} of ${events} events`)
  if (ledger.gaps.length > 0) problems.push(JSON.stringify(ledger.gaps))
  if (stoodAt >= events) problems.push('the relay never stood still')
  if (growthBytes > MAX_GROWTH_BYTES) problems.push(`grew by ${toMegabytes(growthBytes)}`)
  return problems
}

async function main(): Promise<boolean> {
  const [megabytes = 400, megabytesPerSecond = 25, warmUpMegabytes = 200] = process.argv
    .slice(2, 5)
    .map(Number)
  const result = await runSlowRelay({ megabytes, megabytesPerSecond, warmUpMegabytes })
  console.log(
    `${result.events} events; upstream grew by ${toMegabytes(result.growthBytes)} to ` +
      `${toMegabytes(result.peakBytes)}; the relay stood still after ${result.stoodAt}, ` +
      `caught up in ${result.catchUpSeconds.toFixed(1)} s`,
  )
  const problems = slowRelayProblems(result)
  for (const problem of problems) console.log(problem)
  return problems.length === 0
}

if (isMain(import.meta.url)) await runMain(main)
