import { sleep } from './wait-for.ts'

/** Holds a loop to so many units per second, and lets it catch up after a pause. */
export class Pace {
  readonly #perSecond: number
  readonly #start = performance.now()
  #taken = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Resolves when so many more units are due. */
  async take(units: number): Promise<void> {
    this.#taken += units
    const dueMs = this.#start + (this.#taken * 1000) / this.#perSecond
    const waitMs = dueMs - performance.now()
    if (waitMs > 1) await sleep(waitMs)
  }
}
