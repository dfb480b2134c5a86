import { expect, it } from 'vitest'
import { runChaos } from './chaos.ts'

it('gets every event once through a network that does everything wrong', async () => {
  const counts = await runChaos(8000, 7)
  expect(counts).toMatchObject({ wrong: 0, gaps: 0, closed: false, read: counts.published })
  expect(counts.attempts).toBeLessThanOrEqual(counts.allowedAttempts)
  expect(Object.keys(counts.troubles).length).toBeGreaterThan(5)
}, 120_000)
