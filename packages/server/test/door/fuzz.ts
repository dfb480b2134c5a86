/**
 * The long form of `head-reader.test.ts` and `transcript.test.ts`: compares the door's reading of
 * COUNT requests with that of node:http, and what a thousandth as many connections are answered.
 * Ends with 1 and the first request that differs.
 *
 *   npx tsx --conditions=@heartline/source packages/server/test/door/fuzz.ts [COUNT] [SEED]
 */
import { compare } from './compare.ts'
import { compareTranscripts } from './transcript.ts'

const STEP = 50_000
const count = Number(process.argv[2] ?? 1_000_000)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
let inputs = 0
let accepted = 0
for (let step = 0; inputs < count; step++) {
  const outcome = await compare(Math.min(STEP, count - inputs), seed + step)
  inputs += outcome.inputs
  accepted += outcome.accepted
  process.stdout.write(`${inputs} requests, ${accepted} taken by the door, no difference\n`)
}
const { answers, handedOver } = await compareTranscripts(Math.ceil(count / 1000), seed)
process.stdout.write(`${answers} answers, ${handedOver} connections handed over, no difference\n`)
