const FACTOR = 1.5
const CAP_MS = 30_000
const JITTER = 0.5

/**
 * How long to wait before the next attempt, in milliseconds. Starts at what the server asked for
 * and grows with each failure up to 30 s (or the server's own time, if that is longer). The jitter
 * only adds, so that nobody comes back earlier than asked.
 */
export function backoffMs(failures: number, retryMs: number, random: number): number {
  const grown = retryMs * FACTOR ** Math.max(failures - 1, 0)
  const bounded = Math.min(grown, Math.max(CAP_MS, retryMs))
  return Math.round(bounded * (1 + random * JITTER))
}
