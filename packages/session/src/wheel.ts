import { type Clock, systemClock } from './clock.ts'
import { TurnTime } from './turn-time.ts'

/** Length of one bucket in milliseconds. An entry runs at most this much after it is due. */
export const TICK_MS = 100
/** Buckets in one turn: 102.4 s. What is due later stays in its bucket for another turn. */
const SLOTS = 1024
/** Index of the list of entries whose time has come but that did not run yet. */
const DUE = SLOTS
/** Entries run between two turns of the event loop, so that ten thousand heartbeats do not stall it. */
const RUN_LIMIT = 1024

/** `wheelSlot` of an entry that is on no wheel. */
export const IDLE = -1

/**
 * Something that wants to be called at a time. The links are part of the entry, so scheduling
 * allocates nothing; only the wheel writes the `wheel*` fields.
 */
export interface WheelEntry {
  /** When it is due, in milliseconds of the wheel's clock. */
  wheelAt: number
  /** The bucket it is in, or `IDLE`. */
  wheelSlot: number
  wheelNext: WheelEntry | undefined
  wheelPrev: WheelEntry | undefined
  /** Called once, off the wheel, with the tick that runs: a multiple of 100 ms, never in the future. */
  onWheel(now: number): void
}

/**
 * One timer for any number of deadlines: a hashed wheel of 100 ms buckets. Scheduling, moving and
 * cancelling are O(1). The timer sleeps until the next bucket that is in use, does not keep the
 * process alive, and is absent while nothing is scheduled.
 */
export class Wheel {
  readonly #clock: Clock
  readonly #turnTime: Pick<Clock, 'now' | 'unixNow'>
  readonly #slots: (WheelEntry | undefined)[] = Array.from({ length: SLOTS + 1 })
  readonly #run: () => void
  readonly #afterTurn = new Set<() => void>()
  /** The last tick whose bucket was looked at. */
  #tick = 0
  #size = 0
  #timer: unknown = undefined
  /** The tick the timer is set for; -Infinity while entries run, so that nobody sets it then. */
  #armedTick = Infinity

  constructor(clock: Clock) {
    this.#clock = clock
    // A clock that was given is asked each time: virtual time may pass at any place.
    this.#turnTime = clock.now === systemClock.now ? new TurnTime(clock) : clock
    this.#run = () => this.#turn()
  }

  /** Milliseconds of the wheel's clock, which never goes backwards. */
  now(): number {
    return this.#clock.now()
  }

  /** Unix milliseconds. */
  unixNow(): number {
    return this.#clock.unixNow()
  }

  /** `now`, which for code that runs without a break is the same all the time. */
  turnNow(): number {
    return this.#turnTime.now()
  }

  /** `unixNow`, in the same way. */
  turnUnixNow(): number {
    return this.#turnTime.unixNow()
  }

  /** Number of scheduled entries. */
  get size(): number {
    return this.#size
  }

  /** Calls `run` after each turn in which entries ran. Answers how to stop that. */
  afterTurn(run: () => void): () => void {
    this.#afterTurn.add(run)
    return () => void this.#afterTurn.delete(run)
  }

  /** Schedules the entry for `at`, or moves it there. A time in the past means the next tick. */
  schedule(entry: WheelEntry, at: number): void {
    if (entry.wheelSlot === IDLE) {
      if (this.#size++ === 0 && this.#armedTick === Infinity) this.#tick = this.#tickNow()
    } else {
      this.#unlink(entry)
    }
    const tick = Math.max(Math.ceil(at / TICK_MS), this.#tick + 1)
    entry.wheelAt = at
    this.#link(entry, tick % SLOTS)
    if (tick < this.#armedTick) this.#arm(tick)
  }

  /** Takes the entry off. Does nothing when it is not scheduled. */
  cancel(entry: WheelEntry): void {
    if (entry.wheelSlot === IDLE) return
    this.#unlink(entry)
    entry.wheelSlot = IDLE
    if (--this.#size === 0 && this.#armedTick !== -Infinity) this.#disarm()
  }

  #tickNow(): number {
    return Math.floor(this.#clock.now() / TICK_MS)
  }

  #link(entry: WheelEntry, slot: number): void {
    const head = this.#slots[slot]
    entry.wheelSlot = slot
    entry.wheelPrev = undefined
    entry.wheelNext = head
    if (head !== undefined) head.wheelPrev = entry
    this.#slots[slot] = entry
  }

  #unlink(entry: WheelEntry): void {
    const { wheelPrev, wheelNext } = entry
    if (wheelPrev === undefined) this.#slots[entry.wheelSlot] = wheelNext
    else wheelPrev.wheelNext = wheelNext
    if (wheelNext !== undefined) wheelNext.wheelPrev = wheelPrev
    entry.wheelPrev = undefined
    entry.wheelNext = undefined
  }

  /** An entry that throws must not take the heartbeats of all others with it. */
  #turn(): void {
    this.#timer = undefined
    this.#armedTick = -Infinity
    const tick = this.#tickNow()
    try {
      this.#collect(tick)
      this.#fire(tick * TICK_MS)
    } finally {
      for (const run of this.#afterTurn) run()
      this.#armedTick = Infinity
      if (this.#size > 0) this.#arm(this.#nextTick())
    }
  }

  /** Moves what is due from the buckets that have passed to the due list. */
  #collect(now: number): void {
    const first = Math.max(this.#tick + 1, now - SLOTS + 1)
    for (let tick = first; tick <= now; tick++) {
      let entry = this.#slots[tick % SLOTS]
      while (entry !== undefined) {
        const next = entry.wheelNext
        if (entry.wheelAt <= now * TICK_MS) {
          this.#unlink(entry)
          this.#link(entry, DUE)
        }
        entry = next
      }
    }
    this.#tick = Math.max(this.#tick, now)
  }

  #fire(now: number): void {
    for (let left = RUN_LIMIT; left > 0; left--) {
      const entry = this.#slots[DUE]
      if (entry === undefined) return
      this.#unlink(entry)
      entry.wheelSlot = IDLE
      this.#size--
      entry.onWheel(now)
    }
  }

  /** The next tick with something in its bucket; the current one while some are still due. */
  #nextTick(): number {
    if (this.#slots[DUE] !== undefined) return this.#tick
    let tick = this.#tick + 1
    while (this.#slots[tick % SLOTS] === undefined) tick++
    return tick
  }

  #arm(tick: number): void {
    this.#disarm()
    this.#armedTick = tick
    // One more millisecond: timers count whole ones and may fire a fraction early.
    const waitMs = Math.max(0, Math.ceil(tick * TICK_MS - this.#clock.now()) + 1)
    this.#timer = this.#clock.setTimeout(this.#run, waitMs)
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#armedTick = Infinity
  }
}

/**
 * Makes a wheel. Parts of the clock that are not given come from the process; `unixNow` follows a
 * given `now`, so that virtual time needs one function.
 */
export function createWheel(clock: Partial<Clock> = {}): Wheel {
  const given = { ...systemClock }
  if (clock.now !== undefined) given.now = given.unixNow = clock.now.bind(clock)
  if (clock.unixNow !== undefined) given.unixNow = clock.unixNow.bind(clock)
  if (clock.setTimeout !== undefined) given.setTimeout = clock.setTimeout.bind(clock)
  if (clock.clearTimeout !== undefined) given.clearTimeout = clock.clearTimeout.bind(clock)
  return new Wheel(given)
}

let shared: Wheel | undefined

/** The wheel of the process: every session that was not given another one. */
export function sharedWheel(): Wheel {
  shared ??= createWheel()
  return shared
}
