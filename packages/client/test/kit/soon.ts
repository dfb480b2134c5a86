import type { Clock } from '../../src/index.ts'

/**
 * Timers a hundred times as fast. The time of day goes at its own pace: a moment in which the
 * machine is busy must not look like a sleep, after which a client gives up what it waits for.
 */
export const soon: Clock = {
  now: () => Date.now(),
  setTimer: (callback, ms) => setTimeout(callback, ms / 100),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
}
