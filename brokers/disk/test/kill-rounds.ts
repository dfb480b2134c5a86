/**
 * Kills a publishing process again and again and checks its store each time.
 *
 *     npx tsx --conditions=@heartline/source brokers/disk/test/kill-rounds.ts [rounds]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killRound } from './kill.ts'

const rounds = Number(process.argv[2] ?? 50)
/** Rounds that share a store: later ones start from a store that was killed before. */
const ROUNDS_PER_STORE = 5
const sums = { witnessed: 0, unacknowledged: 0, tornBytes: 0, entriesCut: 0, torn: 0 }

let directory = ''
for (let round = 0; round < rounds; round++) {
  if (round % ROUNDS_PER_STORE === 0) {
    if (directory !== '') await rm(directory, { recursive: true })
    directory = await mkdtemp(join(tmpdir(), 'heartline-kill-'))
  }
  const result = await killRound({
    directory,
    killAfterMs: 20 + Math.random() * 700,
    // Every second store is trimmed all the time.
    maxEntries: Math.floor(round / ROUNDS_PER_STORE) % 2 === 0 ? 1_000_000 : 5_000,
    start: (round % ROUNDS_PER_STORE) * 1_000_000,
  })
  sums.witnessed += result.witnessed
  sums.unacknowledged += result.unacknowledged
  sums.tornBytes += result.tornBytes
  sums.entriesCut += result.entriesCut
  if (result.tornBytes > 0) sums.torn++
  console.log(`round ${round + 1}:`, JSON.stringify(result))
}
await rm(directory, { recursive: true })
console.log(`${rounds} kills, nothing acknowledged lost, no hole:`, JSON.stringify(sums))
