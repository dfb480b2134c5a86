import { describe, expect, it } from 'vitest'
import { percentile } from '../kit/percentile.ts'
import { runStall, stallProblems } from './stalled-reader.ts'

// A queue for the stalled reader would hold the 60 MB.
const MAX_GROWTH_BYTES = 16 * 1_048_576

describe.each(['memory', 'disk'] as const)(
  'with the %s store, a reader that does not read',
  (store) => {
    it('costs the hub no memory and the other readers nothing, and gets all or is told a gap', async () => {
      const result = await runStall({
        store,
        megabytes: 60,
        warmUpMegabytes: 120,
        megabytesPerSecond: 30,
        readers: 2,
        stalls: true,
      })
      expect(stallProblems(result, MAX_GROWTH_BYTES)).toEqual([])
      expect(result.stateInStall).toBe('blocked live live')
      expect(result.stalledAt).toBeLessThan(result.events)
      // Other tests share the machine: this sees a stall of the others, not a slow core.
      expect(percentile(result.latencyDuringMs, 0.99)).toBeLessThan(1_000)
    }, 180_000)
  },
)
