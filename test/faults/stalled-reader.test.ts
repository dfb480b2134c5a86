import { describe, expect, it } from 'vitest'
import { percentile } from '../kit/percentile.ts'
import { runStall, stallProblems } from './stalled-reader.ts'

describe.each(['memory', 'disk'] as const)(
  'with the %s store, a reader that does not read',
  (store) => {
    it('costs the hub no memory and the other readers nothing, and gets all or is told a gap', async () => {
      const result = await runStall({
        store,
        megabytes: 60,
        warmUpMegabytes: 60,
        megabytesPerSecond: 12,
        readers: 2,
        stalls: true,
      })
      expect(stallProblems(result)).toEqual([])
      expect(result.stateInStall).toBe('blocked live live')
      expect(result.stalledAt).toBeLessThan(result.events)
      // Other tests share the machine: this sees a stall of the others, not a slow core.
      expect(percentile(result.latencyDuringMs, 0.99)).toBeLessThan(1_000)
    }, 180_000)
  },
)
