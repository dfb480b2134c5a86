/**
 * Where leaving workers wait for each other: until the last has stored what it acknowledged, an
 * event may still come that the readers of the others are owed.
 */
export class SettlingPoint {
  readonly #expected: () => readonly number[]
  readonly #offset: () => number
  readonly #waiting = new Map<number, (offset: number) => void>()

  /**
   * @param expected Numbers of the workers that are there.
   * @param offset Asked once, when all have come.
   */
  constructor(expected: () => readonly number[], offset: () => number) {
    this.#expected = expected
    this.#offset = offset
  }

  /** A worker publishes no more. Resolves with the newest offset once that is true of all. */
  arrive(number: number): Promise<number> {
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve)
      this.#check()
    })
  }

  /** A worker has gone without a word. */
  leave(number: number): void {
    this.#waiting.delete(number)
    this.#check()
  }

  #check(): void {
    if (this.#expected().some((number) => !this.#waiting.has(number))) return
    const offset = this.#offset()
    for (const release of this.#waiting.values()) release(offset)
    this.#waiting.clear()
  }
}
