/** Time, injected so that tests own it. */
export interface Clock {
  /** Unix milliseconds. A jump is taken for a sleep of the machine. */
  now(): number
  /** Calls back once after `ms`. */
  setTimer(callback: () => void, ms: number): unknown
  clearTimer(timer: unknown): void
}

/** A larger time makes a timer fire at once. */
const LONGEST_TIMER_MS = 0x7fffffff

/** The machine's own clock. Its timers keep a Node process alive: a reader that waits is at work. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (callback, ms) => setTimeout(callback, Math.min(ms, LONGEST_TIMER_MS)),
  clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
}
