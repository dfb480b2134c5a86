import type { Position } from '@heartline/broker'
import type { Session } from '@heartline/session'
import type { Cohort } from './cohort.ts'
import type { Namespace } from './namespace.ts'

/** The position of a subscriber that is not reading the cohort's log: no head is beyond it. */
const NOT_LIVE = Number.MAX_SAFE_INTEGER

/** An admitted request: checked, not yet a stream. */
export interface Subscription {
  /** Sorted, without duplicates. */
  readonly selectors: readonly string[]
  /** See `CohortTerms`. */
  readonly privateRights: readonly string[] | undefined
  /** See `CohortTerms`. */
  readonly tellsTopics?: boolean | undefined
  readonly subscriber: string | undefined
  readonly expiresAtMs: number | undefined
  /** Where to begin: a cursor's text, `earliest`, or undefined = now. */
  readonly from: string | undefined
  /** The namespace that says how the session is treated: that of the first selector. */
  readonly namespace: Namespace
  /** Heartbeat interval to begin with, in milliseconds: that of the namespace, or less. */
  readonly heartbeatMs: number
}

/**
 * One reader on the hub: who it is and its place. It holds no events: live, `at` is a position in
 * the cohort's shared log; behind it, `last` is where history goes on.
 */
export class Subscriber {
  readonly session: Session
  readonly cohort: Cohort<Subscriber>
  readonly namespace: Namespace
  readonly name: string
  readonly selectors: readonly string[]
  /** Place in `cohort.members`. */
  index = -1
  /** Position in the cohort's log. */
  at: number = NOT_LIVE
  // Two numbers instead of a position: each write of a reference is noted for the garbage
  // collector, ten thousand times for an event that ten thousand read.
  #lastMs: number
  #lastOffset: number
  expiresAtMs: number | undefined
  ackedCursor: string | undefined
  /** When it last acknowledged, in milliseconds of a steady clock. */
  ackedAt = 0
  rttMs: number | undefined

  constructor(
    session: Session,
    cohort: Cohort<Subscriber>,
    subscription: Subscription,
    last: Position,
  ) {
    this.session = session
    this.cohort = cohort
    this.namespace = subscription.namespace
    this.name = subscription.subscriber ?? session.id
    this.selectors = subscription.selectors
    this.expiresAtMs = subscription.expiresAtMs
    this.#lastMs = last.ms
    this.#lastOffset = last.offset
  }

  /** The newest log entry that it was sent or that was not for it. */
  get last(): Position {
    return { ms: this.#lastMs, offset: this.#lastOffset }
  }

  set last(position: Position) {
    this.#lastMs = position.ms
    this.#lastOffset = position.offset
  }

  /** The offset of `last`. */
  get lastOffset(): number {
    return this.#lastOffset
  }

  get isLive(): boolean {
    return this.at !== NOT_LIVE
  }

  /** From now on the shared log at `at` is what it reads. */
  goLive(at: number, last: Position): void {
    this.at = at
    this.last = last
  }

  /** From now on history is what it reads. */
  leaveLive(): void {
    this.at = NOT_LIVE
    this.cohort.caughtUp(this)
  }
}
