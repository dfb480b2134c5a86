/** Pages of history that all replays together look at between two turns of the event loop. */
const PAGES_PER_TURN = 4

/**
 * Lets replays take turns. A page that is in memory is read without a wait, so a replay would hold
 * the event loop until it is done, and ten thousand that come back at once ten thousand times.
 */
export class Pacer {
  #waiting: (() => void)[] = []
  /** Index of the first that was not let go on. */
  #next = 0
  #isArmed = false

  /** Resolves in a later turn of the event loop, in the order of the calls. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#arm()
    })
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    setImmediate(this.#release)
  }

  readonly #release = (): void => {
    this.#isArmed = false
    const stop = Math.min(this.#waiting.length, this.#next + PAGES_PER_TURN)
    for (; this.#next < stop; this.#next++) this.#waiting[this.#next]?.()
    if (this.#next < this.#waiting.length) return this.#arm()
    this.#waiting = []
    this.#next = 0
  }
}
