/**
 * Random streams against the model of the standard, as many as you like.
 *
 *     npx tsx packages/wire/test/million.ts [count] [first seed]
 *
 * Exits with 1 and prints the seed and the stream when the parser and the model differ.
 */
import { compareOne } from './differential.ts'

const count = Number(process.argv[2] ?? 1_000_000)
const firstSeed = Number(process.argv[3] ?? 1)
const started = performance.now()
const total = { observations: 0, chunks: 0, bytes: 0, differences: 0 }

function seconds(): string {
  return ((performance.now() - started) / 1000).toFixed(1)
}

for (let done = 0; done < count; done++) {
  const { observations, chunks, bytes, difference } = compareOne(firstSeed + done)
  total.observations += observations
  total.chunks += chunks
  total.bytes += bytes
  if (difference !== undefined) {
    total.differences++
    console.error(`seed ${difference.seed}: ${JSON.stringify(difference, undefined, 2)}`)
    if (total.differences === 5) break
  }
  if ((done + 1) % 100_000 === 0) console.log(`${done + 1} of ${count} streams, ${seconds()} s`)
}
console.log(
  `${count} streams (seeds ${firstSeed} to ${firstSeed + count - 1}), ${total.bytes} bytes, ` +
    `${total.chunks} chunks, ${total.observations} observations, ` +
    `${total.differences} differences, ${seconds()} s`,
)
process.exitCode = total.differences === 0 ? 0 : 1
