import { describe, expect, it } from 'vitest'
import { SplitNetwork } from '../kit/split-network.ts'
import { halfOpenBoundMs, halfOpenProblems, runHalfOpen } from './half-open.ts'

/** A loaded machine may be late; the program next to this test holds the bound itself. */
const SLACK_MS = 30_000

describe('readers whose cable is cut', () => {
  it('are found by the kernel alone, whatever the protocol, and nobody else with them', async (context) => {
    const { hindrance } = SplitNetwork
    if (hindrance !== undefined) {
      if (process.env['CI'] !== undefined) expect.fail(hindrance)
      context.skip(`${hindrance}: the half-open test was left out`)
      return
    }
    const options = { heartbeatMs: 1_000, thresholdMs: 3_000, readers: 10 }
    const result = await runHalfOpen(options)
    expect(halfOpenProblems(result, halfOpenBoundMs(options) + SLACK_MS)).toEqual([])
    expect(result.liveHeartbeats).toBeGreaterThan(3)
    expect(result.rounds).toBeGreaterThan(3)
  }, 180_000)
})
