import { expect, it } from 'vitest'
import { runWorkers } from './workers.ts'

it('readers see every event once while workers are killed and replaced', async () => {
  const result = await runWorkers({
    workers: 2,
    readers: 40,
    events: 1_200,
    kills: 2,
    perSecond: 300,
    seed: 8_422,
    log: () => {},
  })
  expect(result.problems).toEqual([])
  expect(result.sums).toMatchObject({ events: 40 * 1_200, missing: 0, problems: 0, gaps: 0 })
  expect(result.kills).toBe(2)
  expect(result.resumes).toBeGreaterThan(0)
  expect([result.exitCode, result.leftOver]).toEqual([0, 0])
}, 180_000)
