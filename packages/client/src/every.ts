import type { Clock } from './clock.ts'
import { LEAST_SPACING_MS } from './ladder.ts'

/** Calls back after each `ms`, for which no option makes it a loop. @returns Ends that. */
export function every(clock: Clock, ms: number, tick: () => unknown): () => void {
  let timer: unknown
  const schedule = (): void => {
    timer = clock.setTimer(
      () => {
        schedule()
        tick()
      },
      Math.max(ms, LEAST_SPACING_MS),
    )
  }
  schedule()
  return () => clock.clearTimer(timer)
}
