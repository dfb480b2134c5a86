/** Streams opened between two turns of the event loop. */
const OPENED_PER_TURN = 8

/** A request for a stream that waits. */
export interface Opening {
  /** Its turn has come. Must not throw. */
  open(): void
}

/**
 * Lets few streams open in one turn of the event loop. Ten thousand readers that come back at once
 * would else be served in one go, and whoever is live would wait for all of them.
 */
export class OpeningLine {
  #waiting: (Opening | undefined)[] = []
  #next = 0
  #left = OPENED_PER_TURN
  #isArmed = false

  /** True when a stream may open at once. Otherwise it has to `wait`. */
  take(): boolean {
    if (this.#left === 0 || this.#next < this.#waiting.length) return false
    this.#left--
    this.#arm()
    return true
  }

  /** First come, first served. */
  wait(opening: Opening): void {
    this.#waiting.push(opening)
    this.#arm()
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    this.#isArmed = false
    this.#left = OPENED_PER_TURN
    const stop = Math.min(this.#waiting.length, this.#next + OPENED_PER_TURN)
    for (; this.#next < stop; this.#next++) {
      const opening = this.#waiting[this.#next]
      this.#waiting[this.#next] = undefined
      this.#left--
      opening?.open()
    }
    if (this.#next < this.#waiting.length) return this.#arm()
    this.#waiting = []
    this.#next = 0
    if (this.#left < OPENED_PER_TURN) this.#arm()
  }
}
