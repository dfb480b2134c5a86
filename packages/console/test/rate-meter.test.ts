import { expect, test } from 'vitest'
import { RateMeter } from '../src/stream/rate-meter.ts'

const NOON = 1_800_000_000_000

test('tells the mean of the last three finished seconds', () => {
  const meter = new RateMeter(NOON)
  for (let ms = 0; ms < 3_000; ms += 100) meter.add(NOON + ms)
  expect(meter.rate(NOON + 3_000)).toBe(10)
  expect(meter.rate(NOON + 4_000)).toBeCloseTo(20 / 3)
})

test('draws sixty finished seconds, oldest first', () => {
  const meter = new RateMeter(NOON)
  meter.add(NOON)
  meter.add(NOON + 59_000)
  const minute = meter.lastMinute(NOON + 60_000)
  expect(minute).toHaveLength(60)
  expect([minute[0], minute[1], minute[59]]).toEqual([1, 0, 1])
})

test('forgets what is older than a minute, also after a long silence', () => {
  const meter = new RateMeter(NOON)
  meter.add(NOON)
  expect(Math.max(...meter.lastMinute(NOON + 62_000))).toBe(0)
  meter.add(NOON + 3_600_000)
  expect(meter.lastMinute(NOON + 3_601_000).filter((count) => count > 0)).toEqual([1])
})

test('counts on when the clock is set back', () => {
  const meter = new RateMeter(NOON)
  meter.add(NOON - 5_000)
  expect(meter.lastMinute(NOON + 1_000).at(-1)).toBe(1)
})
