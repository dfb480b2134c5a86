import { expect, it } from 'vitest'
import { createParser } from '../src/index.ts'
import { Random } from './random-stream.ts'

const encoder = new TextEncoder()
const ASCII = encoder.encode('The stream never goes quiet and holds its place.')
const PIECES = [
  ASCII,
  ASCII,
  ASCII,
  encoder.encode('größer 日本語 🎈'),
  // Not valid: each byte is read as U+FFFD.
  new Uint8Array([0xff, 0xfe]),
]

/** A block without its last line end, of lines that hold anything. */
function randomBlock(random: Random): Uint8Array {
  const bytes: number[] = [...encoder.encode('data: ')]
  for (let length = random.below(200) + 20; length > 0; length--) {
    bytes.push(...random.pick(PIECES))
    if (random.chance(0.1)) bytes.push(...encoder.encode('\ndata: '))
  }
  return Uint8Array.from([...bytes, ...encoder.encode('\n')])
}

function isTaken(stream: Uint8Array, size: number, maxEventLength: number): boolean {
  let events = 0
  let errors = 0
  const parser = createParser(
    { onEvent: () => events++, onError: () => errors++ },
    { maxEventLength },
  )
  for (let at = 0; at < stream.length; at += size) parser.feed(stream.subarray(at, at + size))
  expect(events + errors).toBe(1)
  return events === 1
}

it('counts every character of a block, ASCII or not, valid or not, however it is cut', () => {
  const random = new Random(7)
  for (let round = 0; round < 40; round++) {
    const block = randomBlock(random)
    const stream = Uint8Array.from([...block, 0x0a])
    const text = new TextDecoder().decode(block)
    // The line end that ends the last line counts when the block is closed by the next one.
    const { length } = text
    const least = [1, 2, 7, 33, 40, 200, 1000, 65_536].map((size) => {
      const limits = [length - 2, length - 1, length, length + 1]
      return limits.findIndex((limit) => isTaken(stream, size, limit))
    })
    expect(new Set(least)).toEqual(new Set([least[0]]))
    expect(least[0]).toBeGreaterThan(0)
  }
})
