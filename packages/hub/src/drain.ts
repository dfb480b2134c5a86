import type { Subscriber } from './subscriber.ts'

/** Closing takes at least so long for each session, so that the others are not all told at once. */
const PACE_MS = 2
/** Share of the deadline over which sessions are closed; the rest is for their last bytes. */
const SPREAD = 0.8
const STEP_MS = 20

/**
 * Closes all sessions in good order, spread over the deadline. What is left at its end is cut.
 * Resolves when none is left.
 */
export async function drainSessions(
  sessions: Iterable<Subscriber> & { readonly size: number },
  deadlineMs: number,
  retryMs: number,
): Promise<void> {
  const startedAt = Date.now()
  const queue = [...sessions]
  const spreadMs = Math.min(deadlineMs * SPREAD, queue.length * PACE_MS)
  let told = 0
  while (told < queue.length) {
    const share = spreadMs === 0 ? 1 : (Date.now() - startedAt) / spreadMs
    const due = Math.min(queue.length, Math.ceil(queue.length * share) + 1)
    for (; told < due; told++) queue[told]?.session.drain({ retryMs })
    if (told < queue.length) await sleep(STEP_MS)
  }
  while (sessions.size > 0 && Date.now() - startedAt < deadlineMs) await sleep(STEP_MS)
  for (const { session } of sessions) session.close('drained', { graceMs: 0 })
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
