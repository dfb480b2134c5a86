import type { Cohort } from './cohort.ts'
import { CohortQueue } from './cohort-queue.ts'
import type { LogFollower } from './log-follower.ts'
import type { Subscriber } from './subscriber.ts'
import { systemTurns, type TurnClock } from './turn-clock.ts'

/** Members of one cohort that are written to before the next cohort has its turn. */
const VISIT = 128

/** What the flusher calls for sessions that have something to get. */
export interface Delivery {
  /**
   * Sends to `cohort.members[stop]` up to the one before `index`, last first, what they have not
   * been sent, as much as they take.
   */
  serve(cohort: Cohort<Subscriber>, index: number, stop: number): void
  /** Other work of the process follows. */
  endSlice(): void
}

/** What of the hub's options the flusher follows. */
export interface FlushOptions {
  readonly flushSlice: number
  readonly cohortLogBytes: number
  readonly minFlushMs: number
}

/**
 * Writes once per turn of the event loop: all events that arrived in a turn leave in one write for
 * each session, in slices, with other work of the process in between.
 *
 * A cohort is written to in *passes* over its members. Those with a pass under way take turns, so
 * that a reader of a small cohort waits for a part of each large one and not for all of them.
 */
export class Flusher {
  readonly #sliceSize: number
  readonly #delivery: Delivery
  readonly #follower: LogFollower
  readonly #maxLogBytes: number
  readonly #clock: TurnClock
  #minFlushMs: number
  /** Wait for the next flush. */
  readonly #marked = new CohortQueue<Cohort<Subscriber>>()
  /** Are to be written to until they have everything. */
  readonly #passes = new CohortQueue<Cohort<Subscriber>>()
  #nextFlushAt = Number.NEGATIVE_INFINITY
  #isArmed = false
  /** Set while a timer waits for the next flush. */
  #callOff: (() => void) | undefined

  constructor(
    delivery: Delivery,
    follower: LogFollower,
    options: FlushOptions,
    clock: TurnClock = systemTurns,
  ) {
    this.#delivery = delivery
    this.#follower = follower
    this.#sliceSize = options.flushSlice
    this.#maxLogBytes = options.cohortLogBytes
    this.#minFlushMs = options.minFlushMs
    this.#clock = clock
  }

  /** The cohort has something pending. */
  mark(cohort: Cohort<Subscriber>): void {
    if (cohort.isMarked) return
    cohort.isMarked = true
    // One whose pass is under way takes its place at the end of it.
    if (!cohort.isInPass) this.#marked.push(cohort)
    if (!this.#isArmed) this.#arm()
  }

  /** True while something is pending. */
  get hasWork(): boolean {
    return !this.#passes.isEmpty || !this.#marked.isEmpty
  }

  /** From now on nothing waits to be collected with what follows. */
  hurry(): void {
    this.#minFlushMs = 0
    this.#nextFlushAt = Number.NEGATIVE_INFINITY
    if (this.#callOff === undefined) return
    this.#callOff()
    this.#arm()
  }

  /** Does now what was to be done in the next turn. */
  flushNow(): void {
    if (this.#isArmed && this.#callOff === undefined) this.#slice()
  }

  #arm(): void {
    this.#isArmed = true
    this.#callOff = undefined
    const waitMs = this.#passes.isEmpty ? this.#nextFlushAt - this.#clock.now() : 0
    if (waitMs > 0) this.#callOff = this.#clock.after(this.#slice, waitMs)
    else this.#clock.nextTurn(this.#slice)
  }

  readonly #slice = (): void => {
    this.#isArmed = false
    this.#callOff = undefined
    this.#beginFlush()
    let budget = this.#sliceSize
    while (budget > 0 && !this.#passes.isEmpty) budget -= this.#visit(budget)
    this.#delivery.endSlice()
    if (this.hasWork) this.#arm()
  }

  #beginFlush(): void {
    if (this.#marked.isEmpty) return
    if (this.#minFlushMs > 0) {
      const now = this.#clock.now()
      if (now < this.#nextFlushAt) return
      this.#nextFlushAt = now + this.#minFlushMs
    }
    this.#passes.append(this.#marked)
  }

  /** Goes on with the pass that is next. Answers what it cost, at least 1. */
  #visit(budget: number): number {
    const cohort = this.#passes.shift()
    if (cohort === undefined) return 1
    if (!cohort.isInPass) cohort.beginPass(this.#follower.position)
    // Members may have left since the visit before.
    const index = Math.min(cohort.unserved, cohort.members.length)
    const limit = this.#passes.isEmpty ? budget : Math.min(VISIT, budget)
    const stop = Math.max(0, index - limit)
    this.#delivery.serve(cohort, index, stop)
    cohort.unserved = stop
    if (stop > 0) this.#passes.push(cohort)
    else this.#endPass(cohort)
    return index - stop + 1
  }

  #endPass(cohort: Cohort<Subscriber>): void {
    cohort.endPass(this.#maxLogBytes)
    if (cohort.isMarked) this.#marked.push(cohort)
  }
}
