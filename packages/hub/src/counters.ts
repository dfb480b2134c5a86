import type { EndReason } from '@heartline/session'
import type { GapReason } from './frame.ts'

/** Counts since the hub began. Plain numbers: they are raised on hot paths. */
export interface Counters {
  published: number
  duplicates: number
  delivered: number
  deliveredBytes: number
  /** Of `delivered`: from history. */
  replayed: number
  heartbeats: number
  readonly gaps: Record<GapReason, number>
  readonly ended: Partial<Record<EndReason, number>>
}

/** All at zero. */
export function createCounters(): Counters {
  return {
    published: 0,
    duplicates: 0,
    delivered: 0,
    deliveredBytes: 0,
    replayed: 0,
    heartbeats: 0,
    gaps: { expired: 0, epoch: 0, diverged: 0, slow: 0 },
    ended: {},
  }
}
