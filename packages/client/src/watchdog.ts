import type { Clock } from './clock.ts'

/** Looks at the clock at least so often, to notice that the machine slept. */
const LOOK_MS = 5000
/** A look that comes so much too late followed a sleep, or a long block of the event loop. */
const LATE_MS = 1000
/** After a sleep, bytes that waited in the kernel come in first. */
const GRACE_MS = 100
/** A stream without known heartbeats does not outlive such a sleep. */
const DEADLY_SLEEP_MS = 30_000

/**
 * Notices that nothing came in for too long. It compares clocks instead of counting ticks: timers
 * stand still while a machine sleeps or a page is frozen. A byte costs one look at the clock; no
 * timer is moved.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #onSilence: (silentMs: number) => void
  #limitMs = 0
  #awakeLimitMs = 0
  #fedAt = 0
  #dueAt = 0
  #timer: unknown

  constructor(clock: Clock, onSilence: (silentMs: number) => void) {
    this.#clock = clock
    this.#onSilence = onSilence
  }

  /** Milliseconds since something came in. */
  get silentMs(): number {
    return this.#clock.now() - this.#fedAt
  }

  /**
   * Starts, or starts anew, from now.
   *
   * @param limitMs Silence that is too long; 0 = none is.
   * @param awakeLimitMs The same after a sleep, when less of it tells enough.
   */
  expect(limitMs: number, awakeLimitMs: number = limitMs): void {
    this.#limitMs = limitMs
    this.#awakeLimitMs = awakeLimitMs
    this.fed()
    this.#schedule()
  }

  /** Something came in. */
  fed(): void {
    this.#fedAt = this.#clock.now()
  }

  /** Silence says nothing until the next `expect`. */
  stop(): void {
    this.#clock.clearTimer(this.#timer)
    this.#limitMs = 0
    this.#awakeLimitMs = 0
  }

  /** The machine or the page was asleep: what is silent for long is dead. */
  woke(): void {
    if (this.#awakeLimitMs > 0 && this.silentMs > this.#awakeLimitMs) this.#bite()
  }

  #schedule(waitMs = this.#nextLookMs()): void {
    this.#clock.clearTimer(this.#timer)
    this.#dueAt = this.#clock.now() + waitMs
    this.#timer = this.#clock.setTimer(() => this.#look(), waitMs)
  }

  #nextLookMs(): number {
    if (this.#limitMs === 0) return LOOK_MS
    return Math.min(LOOK_MS, Math.max(this.#limitMs - this.silentMs, 1))
  }

  #look(): void {
    const lateMs = this.#clock.now() - this.#dueAt
    // The clock was set back: by it, nothing came in for less than no time.
    if (lateMs < -LATE_MS) this.fed()
    if (lateMs > LATE_MS) this.#timer = this.#clock.setTimer(() => this.#lookAfterSleep(), GRACE_MS)
    else if (this.#limitMs > 0 && this.silentMs >= this.#limitMs) this.#bite()
    else this.#schedule()
  }

  #lookAfterSleep(): void {
    if (this.silentMs > (this.#awakeLimitMs || DEADLY_SLEEP_MS)) this.#bite()
    else this.#schedule()
  }

  #bite(): void {
    const { silentMs } = this
    this.stop()
    this.#onSilence(silentMs)
  }
}
