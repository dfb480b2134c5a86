import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { createParser } from '../src/index.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

it.each([
  ['one line', 'x'],
  ['lines of data', '\ndata: x'],
])('holds %s in chunks of one byte in little more than its length', (_, unit) => {
  const LENGTH = 8_000_000
  const bytes = new TextEncoder().encode(unit)
  const chunks = Array.from(bytes, (_byte, index) => bytes.subarray(index, index + 1))
  const parser = createParser({ onEvent: () => {} })
  parser.feed('data: ')
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  for (let length = 0; length < LENGTH; length += chunks.length) {
    for (const chunk of chunks) parser.feed(chunk)
  }
  collectGarbage()
  const held = process.memoryUsage().heapUsed - before
  parser.end()
  expect(held).toBeLessThan(2 * LENGTH)
})
