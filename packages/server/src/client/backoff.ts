const FAST_RETRIES = 3
const FAST_MS = 200
const BASE_MS = 1000
const GROWTH = 1.5
const CAP_MS = 30_000

/** How long to wait before the next attempt: three quick ones, then longer and longer. */
export class Backoff {
  readonly #random: () => number
  #failures = 0

  constructor(random: () => number) {
    this.#random = random
  }

  /** A stream opened: the next failure is a first one again. */
  reset(): void {
    this.#failures = 0
  }

  /** Milliseconds; never less than `floorMs`. Jitter only adds. */
  next(floorMs: number): number {
    const failures = this.#failures++
    const step = failures - FAST_RETRIES
    const wait = step < 0 ? FAST_MS : Math.min(CAP_MS, BASE_MS * GROWTH ** step)
    return Math.max(floorMs, wait) * (1 + this.#random() / 2)
  }
}
