/** How long to wait between attempts. Every number is an option. */
export interface LadderOptions {
  /** Quick retries before the back-off. Default 3. */
  readonly fastRetries?: number | undefined
  /** Wait before a quick retry; jitter adds up to as much again. Default 100. */
  readonly fastMs?: number | undefined
  /** First wait of the back-off. Default 1,000. */
  readonly baseMs?: number | undefined
  /** Each wait is so many times the one before. Default 1.5. */
  readonly growth?: number | undefined
  /** Longest wait of the back-off, without its jitter. Default 30,000. */
  readonly capMs?: number | undefined
  /** Up to this share of the wait is added at random, never taken away. Default 0.5. */
  readonly jitter?: number | undefined
  /** Most that jitter adds. Default 30,000. */
  readonly maxJitterMs?: number | undefined
  /** A stream that lived so long makes the next failure a first one. Default 5,000. */
  readonly stableMs?: number | undefined
  /** The longest wait that a server can ask for. Default 3,600,000. */
  readonly maxServerMs?: number | undefined
}

/** All of them. */
export type Ladder = { readonly [Option in keyof LadderOptions]-?: number }

export const LADDER_DEFAULTS: Ladder = {
  fastRetries: 3,
  fastMs: 100,
  baseMs: 1000,
  growth: 1.5,
  capMs: 30_000,
  jitter: 0.5,
  maxJitterMs: 30_000,
  stableMs: 5000,
  maxServerMs: 3_600_000,
}

/**
 * No two attempts begin closer to each other, whatever servers, options and events ask for: a loop
 * without a wait cannot be configured.
 */
export const LEAST_SPACING_MS = 50

/** Counts failures in a row and says how long to wait after each. */
export class Backoff {
  readonly #ladder: Ladder
  readonly #random: () => number
  #failures = 0

  constructor(ladder: Ladder, random: () => number) {
    this.#ladder = ladder
    this.#random = random
  }

  /** In a row. */
  get failures(): number {
    return this.#failures
  }

  /**
   * What a stream lived through counts for the wait after it. A long life forgives everything. One
   * that only brought events ends the growth, but is no licence for quick retries: a server that
   * sends one event and closes, again and again, is asked once in `baseMs`.
   */
  lived(ms: number, hadEvents: boolean): void {
    const { stableMs, fastRetries } = this.#ladder
    if (ms >= stableMs) this.#failures = 0
    else if (hadEvents) this.#failures = Math.min(this.#failures, fastRetries)
  }

  /** Starts the ladder anew. */
  reset(): void {
    this.#failures = 0
  }

  /** One more failure. Milliseconds to wait, never fewer than `floorMs`, which the server gave. */
  next(floorMs: number): number {
    const { fastRetries, fastMs, baseMs, growth, capMs, maxServerMs } = this.#ladder
    const step = this.#failures++ - fastRetries
    const isFast = step < 0
    const own = isFast ? fastMs : Math.min(capMs, baseMs * growth ** step)
    const wait = Math.max(own, Math.min(floorMs, maxServerMs), LEAST_SPACING_MS)
    const share = isFast ? 1 : this.#ladder.jitter
    const most = Math.min(wait * share, this.#ladder.maxJitterMs)
    return Math.ceil(wait + this.#random() * most)
  }
}
