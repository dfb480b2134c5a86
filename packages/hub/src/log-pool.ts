import { CohortLog } from './cohort-log.ts'

/** So many are kept; a log in use more often is made anew. */
const KEPT = 64

/**
 * Logs that no cohort uses. With a hundred thousand topics a publish finds nothing of its cohort in
 * the processor's caches, and each reference from there to something new is one more place for the
 * garbage collector to look at: an idle cohort has no log, and a busy one gets one that is warm.
 */
const spare: CohortLog[] = []

/** An empty log that begins at the position. */
export function takeLog(position: number): CohortLog {
  const log = spare.pop()
  if (log === undefined) return new CohortLog(position)
  log.restartAt(position)
  return log
}

/** Nobody reads from the log any more. */
export function giveBackLog(log: CohortLog): void {
  if (spare.length >= KEPT) return
  log.restartAt(0)
  spare.push(log)
}
