import type { Clock } from './clock.ts'

const settled = Promise.resolve()

/**
 * A clock that stands still while one piece of code runs: looked at once for all sessions of a
 * flush. To ask the system costs about as much as everything else a write does outside of it.
 */
export class TurnTime {
  readonly #clock: Pick<Clock, 'now' | 'unixNow'>
  readonly #forget: () => void
  #isFresh = false
  #now = 0
  #unixNow = 0

  constructor(clock: Pick<Clock, 'now' | 'unixNow'>) {
    this.#clock = clock
    this.#forget = () => void (this.#isFresh = false)
  }

  now(): number {
    if (!this.#isFresh) this.#look()
    return this.#now
  }

  unixNow(): number {
    if (!this.#isFresh) this.#look()
    return this.#unixNow
  }

  #look(): void {
    this.#now = this.#clock.now()
    this.#unixNow = this.#clock.unixNow()
    this.#isFresh = true
    // Runs when the present code has returned to the event loop.
    void settled.then(this.#forget)
  }
}
