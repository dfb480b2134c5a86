import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Backoff, LADDER_DEFAULTS, LEAST_SPACING_MS } from '../src/ladder.ts'

const noJitter = (): number => 0

function waits(backoff: Backoff, count: number, floorMs = 0): number[] {
  return Array.from({ length: count }, () => backoff.next(floorMs))
}

describe('the ladder', () => {
  it('has these defaults', () => {
    expect(LADDER_DEFAULTS).toEqual({
      fastRetries: 3,
      fastMs: 100,
      baseMs: 1000,
      growth: 1.5,
      capMs: 30_000,
      jitter: 0.5,
      maxJitterMs: 30_000,
      stableMs: 5000,
      maxServerMs: 3_600_000,
    })
  })

  it('retries three times quickly, then backs off to 30 s', () => {
    expect(waits(new Backoff(LADDER_DEFAULTS, noJitter), 14)).toEqual([
      100, 100, 100, 1000, 1500, 2250, 3375, 5063, 7594, 11_391, 17_086, 25_629, 30_000, 30_000,
    ])
  })

  it('never waits less than the server asked for, up to an hour', () => {
    const backoff = new Backoff(LADDER_DEFAULTS, noJitter)
    expect(waits(backoff, 5, 2000)).toEqual([2000, 2000, 2000, 2000, 2000])
    expect(backoff.next(2_147_483_647)).toBe(3_600_000)
  })

  it('adds jitter and never takes any away', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        fc.nat(100_000),
        fc.nat(30),
        (random, floorMs, failures) => {
          const plain = waits(new Backoff(LADDER_DEFAULTS, noJitter), failures + 1, floorMs)
          const jittered = waits(new Backoff(LADDER_DEFAULTS, () => random), failures + 1, floorMs)
          const least = plain.at(-1) ?? 0
          expect(jittered.at(-1)).toBeGreaterThanOrEqual(least)
          expect(jittered.at(-1)).toBeLessThanOrEqual(least * 2 + 1)
        },
      ),
    )
  })

  it('cannot be made to wait for nothing', () => {
    const options = fc.record({
      fastRetries: fc.nat(5),
      fastMs: fc.nat(3),
      baseMs: fc.nat(3),
      growth: fc.double({ min: 0, max: 2, noNaN: true }),
      capMs: fc.nat(3),
      jitter: fc.constant(0),
    })
    fc.assert(
      fc.property(options, (ladder) => {
        const backoff = new Backoff({ ...LADDER_DEFAULTS, ...ladder }, noJitter)
        for (const wait of waits(backoff, 10)) expect(wait).toBeGreaterThanOrEqual(LEAST_SPACING_MS)
      }),
    )
  })

  it('begins anew after a stable stream, and does not grow while events come', () => {
    const backoff = new Backoff(LADDER_DEFAULTS, noJitter)
    waits(backoff, 8)
    backoff.lived(4999, true)
    expect(waits(backoff, 2)).toEqual([1000, 1500])
    backoff.lived(4999, false)
    expect(backoff.next(0)).toBe(2250)
    backoff.lived(5000, false)
    expect(backoff.next(0)).toBe(100)
  })
})
