/**
 * The parser against eventsource-parser: CPU time for each event, decoding included, as a ratio.
 *
 *     npx tsx packages/wire/bench/parser.ts [rounds] [path of another eventsource-parser]
 *
 * Rounds of both take turns in one process, so a busy machine slows both; the ratio is that of
 * the medians. Below 1.00 this parser is the cheaper one.
 */
import { createParser as createOther } from 'eventsource-parser'
import { pathToFileURL } from 'node:url'
import { createParser } from '../src/index.ts'
import { createFixtures, cut, type Fixture } from './fixtures.ts'

const STREAM_BYTES = 1 << 19
const CHUNK_SIZES = [65_536, 1_024, 64, 8, 1]

type Run = (chunks: readonly Uint8Array[]) => { events: number; length: number }

const runOurs: Run = (chunks) => {
  const total = { events: 0, length: 0 }
  const parser = createParser({
    onEvent: (event) => {
      total.events++
      total.length += event.data.length
    },
  })
  for (const chunk of chunks) parser.feed(chunk)
  return total
}

function runOther(create: typeof createOther): Run {
  return (chunks) => {
    const total = { events: 0, length: 0 }
    const decoder = new TextDecoder()
    const parser = create({
      onEvent: (event) => {
        total.events++
        total.length += event.data.length
      },
    })
    for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }))
    return total
  }
}

function cpuNs(run: Run, chunks: readonly Uint8Array[]): number {
  const before = process.cpuUsage()
  run(chunks)
  const { user, system } = process.cpuUsage(before)
  return (user + system) * 1000
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number
}

function verify(fixture: Fixture, chunks: readonly Uint8Array[], runs: readonly Run[]): void {
  const results = runs.map((run) => run(chunks))
  const same = results.every((result) => result.length === results[0]?.length)
  if (same && results.every((result) => result.events === fixture.events)) return
  throw new Error(`${fixture.name}: the parsers do not agree: ${JSON.stringify(results)}`)
}

function compare(fixture: Fixture, chunkSize: number, others: Run, rounds: number): number {
  const chunks = cut(fixture.bytes, chunkSize)
  verify(fixture, chunks, [runOurs, others])
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = -3; round < rounds; round++) {
    const first = round % 2 === 0
    const a = first ? cpuNs(runOurs, chunks) : 0
    const b = cpuNs(others, chunks)
    const c = first ? a : cpuNs(runOurs, chunks)
    if (round < 0) continue
    ours.push(c)
    theirs.push(b)
  }
  const [mine, other] = [median(ours) / fixture.events, median(theirs) / fixture.events]
  const ratio = mine / other
  console.log(
    `${fixture.name.padEnd(20)} ${String(chunkSize).padStart(6)} B chunks ` +
      `${mine.toFixed(0).padStart(6)} ns ${other.toFixed(0).padStart(6)} ns   ${ratio.toFixed(2)}`,
  )
  return ratio
}

const rounds = Number(process.argv[2] ?? 41)
const path = process.argv[3]
const other: { createParser: typeof createOther } =
  path === undefined ? { createParser: createOther } : await import(pathToFileURL(path).href)
console.log('                                        ours  theirs  ratio')
const ratios = createFixtures(STREAM_BYTES).flatMap((fixture) =>
  CHUNK_SIZES.map((size) => compare(fixture, size, runOther(other.createParser), rounds)),
)
const geometric = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
console.log(`geometric mean ${geometric.toFixed(2)}, largest ${Math.max(...ratios).toFixed(2)}`)
