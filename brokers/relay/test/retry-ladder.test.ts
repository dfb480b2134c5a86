import { expect, it } from 'vitest'
import { RetryLadder } from '../src/retry-ladder.ts'

it('tries a few times quickly, then less and less often up to its limit', () => {
  const ladder = new RetryLadder(2_000, () => 0)
  const waits = Array.from({ length: 9 }, () => ladder.next())
  expect(waits).toEqual([20, 50, 100, 200, 500, 800, 1_280, 2_000, 2_000])
  ladder.reset()
  expect(ladder.next()).toBe(20)
})

it('adds up to half at random', () => {
  expect(new RetryLadder(2_000, () => 0.999).next()).toBe(30)
})
