import { expect, it } from 'vitest'
import { runCutting } from './cutting-proxy.ts'

it('200 readers whose connections are cut at random get every event once, or an admitted gap', async () => {
  const result = await runCutting({
    readers: 200,
    events: 1_500,
    kills: 1,
    perSecond: 150,
    maxBytes: 30_000,
    seed: 8_420,
    log: () => {},
  })
  expect(result.problems).toEqual([])
  expect(result.sums).toMatchObject({ missing: 0, problems: 0 })
  expect(result.sums.events + result.sums.admitted).toBe(200 * 1_500)
  expect(result.kills).toBe(1)
  expect(result.resumes).toBeGreaterThan(400)
  expect(Object.values(result.cuts).every((count) => count > 0)).toBe(true)
}, 180_000)

it('readers whose place was trimmed while they were cut are told every gap', async () => {
  const result = await runCutting({
    readers: 50,
    events: 2_000,
    kills: 1,
    perSecond: 400,
    maxBytes: 60_000,
    kept: 50,
    seed: 8_421,
    log: () => {},
  })
  expect(result.problems).toEqual([])
  expect(result.sums).toMatchObject({ missing: 0, problems: 0 })
  expect(result.sums.gaps).toBeGreaterThan(10)
}, 180_000)
