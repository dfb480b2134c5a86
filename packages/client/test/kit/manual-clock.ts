import type { Clock } from '../../src/index.ts'

interface Timer {
  readonly callback: () => void
  readonly at: number
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  /** Every wait that was asked for, in milliseconds. */
  readonly waits: number[] = []
  #now = 1_000_000
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  setTimer(callback: () => void, ms: number): unknown {
    this.waits.push(ms)
    const timer = { callback, at: this.#now + ms }
    this.#timers.add(timer)
    return timer
  }

  clearTimer(timer: unknown): void {
    this.#timers.delete(timer as Timer)
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves on; timers fire when they are due, in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const next = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.at)
      this.#fire(next)
    }
    this.#now = end
  }

  /** Sleeps: the clock jumps, and timers that were due fire late. */
  sleep(ms: number): void {
    this.#now += ms
    for (const timer of this.#timers) if (timer.at <= this.#now) this.#fire(timer)
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer)
    timer.callback()
  }
}
