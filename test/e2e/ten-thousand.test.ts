import { expect, it } from 'vitest'
import { idleProblems, runIdle } from './ten-thousand.ts'

it('2,000 idle sessions need no more timers than none, and each gets its heartbeats', async () => {
  const sessions = 2_000
  const result = await runIdle({ sessions, heartbeatMs: 3_000, log: () => {} })
  expect(idleProblems(result, sessions)).toEqual([])
  // Generous: the exact figure is a matter of the full form, with nothing else on the machine.
  expect(result.bytesPerSession).toBeLessThan(32_768)
}, 120_000)
