import { expect, test } from 'vitest'
import { backoffMs } from '../src/stream/backoff.ts'

test('waits at least what the server asked for', () => {
  expect(backoffMs(1, 2_000, 0)).toBe(2_000)
  expect(backoffMs(1, 60_000, 0)).toBe(60_000)
})

test('adds at most half at random', () => {
  expect(backoffMs(1, 2_000, 0.999_999)).toBe(3_000)
})

test('grows by half with each failure, up to half a minute', () => {
  const waits = [1, 2, 3, 4, 20].map((failures) => backoffMs(failures, 1_000, 0))
  expect(waits).toEqual([1_000, 1_500, 2_250, 3_375, 30_000])
})
