import type { Seam } from '@heartline/session'
import type { Counters } from './counters.ts'
import type { KernelEvidence } from './kernel-evidence.ts'
import type { Subscriber } from './subscriber.ts'

/** Counts since the hub began, and how many there are of each now. */
export interface HubStats extends Readonly<Counters> {
  readonly sessions: number
  readonly blocked: number
  readonly replaying: number
  readonly cohorts: number
  /** Open sessions by what they are written to. */
  readonly bySeam: Readonly<Partial<Record<Seam, number>>>
  /** Looks at the kernel's tables of connections. 0 where it shows none. */
  readonly kernelRounds: number
  /** Sessions whose peer did not answer the kernel in the last of them. */
  readonly kernelSuspects: number
}

/** What is counted. */
export interface Counted {
  readonly counters: Counters
  readonly sessions: Iterable<Subscriber> & { readonly size: number }
  readonly cohorts: { readonly size: number }
  readonly kernel: KernelEvidence
}

/** A walk through all sessions. */
export function readHubStats({ counters, sessions, cohorts, kernel }: Counted): HubStats {
  let blocked = 0
  let replaying = 0
  const bySeam: Partial<Record<Seam, number>> = {}
  for (const { session, isLive } of sessions) {
    if (session.isBlocked) blocked++
    if (!isLive) replaying++
    bySeam[session.seam] = (bySeam[session.seam] ?? 0) + 1
  }
  return {
    ...counters,
    sessions: sessions.size,
    blocked,
    replaying,
    cohorts: cohorts.size,
    bySeam,
    kernelRounds: kernel.rounds,
    kernelSuspects: kernel.suspects,
  }
}
