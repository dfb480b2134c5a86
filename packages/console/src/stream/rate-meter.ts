/** Counts events in whole seconds and remembers the last minute. */
export class RateMeter {
  readonly #seconds: number[] = Array.from({ length: SECONDS }, () => 0)
  #second: number

  constructor(now: number) {
    this.#second = toSecond(now)
  }

  add(now: number): void {
    this.#turnTo(now)
    const index = this.#second % SECONDS
    this.#seconds[index] = (this.#seconds[index] ?? 0) + 1
  }

  /** Events in each of the last 60 finished seconds, oldest first. */
  lastMinute(now: number): readonly number[] {
    this.#turnTo(now)
    const ring = this.#seconds
    return ring.map((_, index) => ring[(this.#second + 1 + index) % SECONDS] ?? 0).slice(0, -1)
  }

  /** Events a second over the last three finished seconds. */
  rate(now: number): number {
    const [a = 0, b = 0, c = 0] = this.lastMinute(now).slice(-3)
    return (a + b + c) / 3
  }

  /** Empties the seconds between the last event and now. */
  #turnTo(now: number): void {
    const second = toSecond(now)
    const first = Math.max(this.#second + 1, second - SECONDS + 1)
    for (let empty = first; empty <= second; empty += 1) this.#seconds[empty % SECONDS] = 0
    this.#second = Math.max(second, this.#second)
  }
}

/** The last minute and the second that is not over. */
const SECONDS = 61

function toSecond(ms: number): number {
  return Math.floor(ms / 1_000)
}
