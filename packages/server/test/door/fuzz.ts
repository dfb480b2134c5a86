/**
 * The long form of `head-reader.test.ts`: compares the door's reading of requests with that of
 * node:http. Ends with 1 and the first request that differs.
 *
 *   npx tsx --conditions=@heartline/source packages/server/test/door/fuzz.ts [COUNT] [SEED]
 */
import { compare } from './compare.ts'

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
