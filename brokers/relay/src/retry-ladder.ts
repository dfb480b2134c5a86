const FAST_MS: readonly number[] = [20, 50, 100, 200]
const BASE_MS = 500
const GROWTH = 1.6

/** How long to wait before the next attempt: a few quick ones, then longer and longer. */
export class RetryLadder {
  readonly #maxMs: number
  readonly #random: () => number
  #failures = 0

  constructor(maxMs: number, random: () => number) {
    this.#maxMs = maxMs
    this.#random = random
  }

  /** It works again: the next failure is a first one. */
  reset(): void {
    this.#failures = 0
  }

  /** Milliseconds. Jitter only adds, up to half: many relays lose one upstream together. */
  next(): number {
    const failures = this.#failures++
    const slow = BASE_MS * GROWTH ** (failures - FAST_MS.length)
    const wait = Math.min(this.#maxMs, FAST_MS[failures] ?? slow)
    return Math.round(wait * (1 + this.#random() / 2))
  }
}
