import type { Session } from '@heartline/session'
import type { Subscriber } from './subscriber.ts'

/** Closing takes at least so long for each session, so that the others are not all told at once. */
const PACE_MS = 2
/** Share of the deadline over which sessions are closed; the rest is for their last bytes. */
const SPREAD = 0.8
const STEP_MS = 20
/** Told between two turns of the event loop. */
const TOLD_PER_TURN = 256

/** How `drain` leaves. */
export interface DrainHubOptions {
  /** Time for all of it. */
  readonly deadlineMs: number
  /**
   * For a hub that shares its log with others that leave at the same time: asked once this one
   * publishes no more, and answers the offset up to which readers are served before they are told.
   * Default: what this hub has seen.
   */
  readonly settled?: (() => Promise<number>) | undefined
}

/**
 * Closes all sessions in good order, spread over the deadline. A reader that has not taken its
 * last bytes at the deadline is cut. Resolves when none is left.
 */
export async function drainSessions(
  sessions: Iterable<Subscriber> & { readonly size: number },
  deadlineMs: number,
  retryMs: number,
): Promise<void> {
  const startedAt = performance.now()
  const leftMs = (): number => Math.max(0, startedAt + deadlineMs - performance.now())
  const queue = [...sessions]
  const spreadMs = Math.min(deadlineMs * SPREAD, queue.length * PACE_MS)
  let waiting: Session[] = []
  let told = 0
  while (told < queue.length) {
    const share = spreadMs === 0 ? 1 : (performance.now() - startedAt) / spreadMs
    const due = Math.min(queue.length, Math.ceil(queue.length * share) + 1)
    const stop = Math.min(due, told + TOLD_PER_TURN)
    for (; told < stop; told++) {
      const session = queue[told]?.session
      session?.drain({ retryMs, graceMs: leftMs() })
      if (session !== undefined && session.pendingBytes > 0) waiting.push(session)
    }
    if (told < queue.length) await sleep(told < due ? 0 : STEP_MS)
  }
  while (waiting.length > 0 && leftMs() > 0) {
    await sleep(Math.min(STEP_MS, leftMs()))
    waiting = waiting.filter((session) => session.pendingBytes > 0)
  }
}

/** Resolves when the work is done or the time is over. */
export async function within(timeMs: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeMs)
  })
  await Promise.race([work, timeout])
  clearTimeout(timer)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)))
}
