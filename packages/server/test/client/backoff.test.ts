import { expect, it } from 'vitest'
import { Backoff } from '../../src/client/backoff.ts'

it('tries three times quickly, then waits longer and longer, up to a limit', () => {
  const backoff = new Backoff(() => 0)
  const waits = Array.from({ length: 14 }, () => backoff.next(0))
  expect(waits.slice(0, 6)).toEqual([200, 200, 200, 1000, 1500, 2250])
  expect(waits.at(-1)).toBe(30_000)
  backoff.reset()
  expect(backoff.next(0)).toBe(200)
})

it('never waits less than it was told, and adds jitter only', () => {
  const backoff = new Backoff(() => 0.999)
  const wait = backoff.next(5000)
  expect(wait).toBeGreaterThan(5000)
  expect(wait).toBeLessThan(7500)
})
