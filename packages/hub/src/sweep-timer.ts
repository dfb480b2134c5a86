const SWEEP_MS = 1_000

/** One timer for many deadlines that may be a second late, running only while there are any. */
export class SweepTimer {
  readonly #sweep: () => void
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(sweep: () => void) {
    this.#sweep = sweep
  }

  /** Does nothing when it runs already. */
  start(): void {
    if (this.#timer !== undefined) return
    this.#timer = setInterval(this.#sweep, SWEEP_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
