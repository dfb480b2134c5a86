import type { Cohort } from './cohort.ts'
import type { LogFollower } from './log-follower.ts'
import type { Subscriber } from './subscriber.ts'

/** What the flusher calls for each session that has something to get. */
export interface Delivery {
  /** Sends what the subscriber has not been sent, as much as it takes. */
  deliver(subscriber: Subscriber): void
}

/**
 * Writes once per turn of the event loop: all events that arrived in a turn leave in one write for
 * each session, in slices, with other work of the process in between.
 */
export class Flusher {
  readonly #sliceSize: number
  readonly #delivery: Delivery
  readonly #follower: LogFollower
  readonly #maxLogBytes: number
  #queue: Cohort<Subscriber>[] = []
  /** Index of the first cohort in the queue that was not begun. */
  #next = 0
  #isArmed = false
  /** The cohort being written to, and how many of its members are left. */
  #current: Cohort<Subscriber> | undefined
  #remaining = 0

  constructor(
    delivery: Delivery,
    follower: LogFollower,
    options: { readonly flushSlice: number; readonly cohortLogBytes: number },
  ) {
    this.#delivery = delivery
    this.#follower = follower
    this.#sliceSize = options.flushSlice
    this.#maxLogBytes = options.cohortLogBytes
  }

  /** The cohort has something pending. */
  mark(cohort: Cohort<Subscriber>): void {
    if (cohort.isMarked) return
    cohort.isMarked = true
    this.#queue.push(cohort)
    this.#arm()
  }

  /** True while something is pending. */
  get hasWork(): boolean {
    return this.#current !== undefined || this.#next < this.#queue.length
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    setImmediate(this.#slice)
  }

  readonly #slice = (): void => {
    this.#isArmed = false
    let budget = this.#sliceSize
    while (budget > 0 && this.hasWork) budget -= this.#step(budget)
    if (this.hasWork) this.#arm()
  }

  /** Serves up to `budget` members of one cohort. Returns what it cost, 0 when nothing is left. */
  #step(budget: number): number {
    const cohort = this.#current ?? this.#begin()
    if (cohort === undefined) return 0
    // Backwards: a member that leaves is replaced by the last one, which was served already.
    let index = Math.min(this.#remaining, cohort.members.length)
    const stop = Math.max(0, index - budget)
    const cost = index - stop + 1
    const { log } = cohort
    while (--index >= stop) {
      const member = cohort.members[index]
      if (member === undefined || member.at >= log.head) continue
      this.#delivery.deliver(member)
    }
    this.#remaining = stop
    if (stop === 0) this.#finish(cohort)
    return cost
  }

  #begin(): Cohort<Subscriber> | undefined {
    const cohort = this.#queue[this.#next]
    if (cohort === undefined) return undefined
    this.#next++
    if (this.#next === this.#queue.length) {
      this.#queue = []
      this.#next = 0
    }
    cohort.beginFlush(this.#follower.position)
    this.#current = cohort
    this.#remaining = cohort.members.length
    return cohort
  }

  #finish(cohort: Cohort<Subscriber>): void {
    this.#current = undefined
    cohort.endFlush(this.#maxLogBytes)
  }
}
