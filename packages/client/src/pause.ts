import { LEAST_SPACING_MS } from './ladder.ts'
import type { Clock } from './clock.ts'

/**
 * The wait between two attempts. It keeps the time of the last attempt itself, so that nothing that
 * shortens a wait can make attempts follow each other without one.
 */
export class Pause {
  readonly #clock: Clock
  #attemptedAt = Number.NEGATIVE_INFINITY
  #leastMs = 0
  #earliest = 0
  #timer: unknown
  #done: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** An attempt begins now. */
  attempted(): void {
    this.#attemptedAt = this.#clock.now()
  }

  /** Resolves after `ms`, or when it is cut short. @param leastMs What `hurry` cannot shorten. */
  wait(ms: number, leastMs: number): Promise<void> {
    const now = this.#clock.now()
    const spacing = Math.min(this.#attemptedAt + LEAST_SPACING_MS - now, LEAST_SPACING_MS)
    this.#leastMs = Math.max(leastMs, spacing)
    this.#earliest = now + this.#leastMs
    return new Promise((resolve) => {
      this.#done = resolve
      this.#set(Math.max(ms, this.#earliest - now))
    })
  }

  /** Ends the wait as soon as the spacing and the server allow. */
  hurry(): void {
    if (this.#done === undefined) return
    // Whoever sets the clock back does not make it longer.
    this.#set(Math.min(this.#earliest - this.#clock.now(), this.#leastMs))
  }

  /** Ends the wait now: there will be no attempt. */
  stop(): void {
    this.#clock.clearTimer(this.#timer)
    this.#done?.()
    this.#done = undefined
  }

  #set(ms: number): void {
    this.#clock.clearTimer(this.#timer)
    this.#timer = this.#clock.setTimer(() => this.stop(), Math.max(ms, 0))
  }
}
