/** Time and the one timer of a wheel. Tests give virtual time. */
export interface Clock {
  /** Milliseconds that never go backwards. Close to Unix time, but deaf to clock corrections. */
  now(): number
  /** Unix milliseconds, corrections included: for what outsiders compare with their own clock. */
  unixNow(): number
  /** Calls `run` once after `ms`. Must not keep the process alive. */
  setTimeout(run: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
}

/** Read once: the getter costs as much as the clock. */
const ORIGIN = performance.timeOrigin

/**
 * The clock of the process. Deadlines run on the monotonic clock: a wall clock that is set back
 * would silence every heartbeat, one that is set forward would cut every blocked reader.
 */
export const systemClock: Clock = Object.freeze({
  now: () => ORIGIN + performance.now(),
  unixNow: () => Date.now(),
  setTimeout: (run: () => void, ms: number): unknown => unref(setTimeout(run, ms)),
  clearTimeout: (timer: unknown): void => clearTimeout(timer as ReturnType<typeof setTimeout>),
})

/** Timers are objects with `unref` on Node and Bun, plain numbers on Deno and Workers. */
function unref(timer: unknown): unknown {
  const held = timer as { unref?: () => void }
  if (typeof timer === 'object') held.unref?.()
  return timer
}
