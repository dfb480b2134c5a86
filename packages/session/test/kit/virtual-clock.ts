import type { Clock } from '../../src/index.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** Time that moves only when told to. */
export class VirtualClock implements Clock {
  #now: number
  #shift = 0
  readonly timers = new Set<Timer>()
  /** How often a timer was set. */
  armed = 0

  constructor(now = 1_700_000_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  unixNow(): number {
    return this.#now + this.#shift
  }

  /** Sets the wall clock forward, or back, without any time passing. */
  shiftWall(ms: number): void {
    this.#shift += ms
  }

  setTimeout(run: () => void, ms: number): Timer {
    const timer = { at: this.#now + ms, run }
    this.timers.add(timer)
    this.armed++
    return timer
  }

  clearTimeout(timer: unknown): void {
    this.timers.delete(timer as Timer)
  }

  /** Lets time pass, running timers at their times. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const next = [...this.timers].sort((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > end) break
      this.#now = Math.max(this.#now, next.at)
      this.timers.delete(next)
      next.run()
    }
    this.#now = end
  }

  /** Lets time pass without the loop getting a turn, as under a long computation. */
  freeze(ms: number): void {
    this.#now += ms
  }
}
