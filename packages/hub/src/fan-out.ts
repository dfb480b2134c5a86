import type { Buffer } from 'node:buffer'
import type { Entry } from '@heartline/broker'
import type { Session } from '@heartline/session'
import { CohortTable } from './cohort-table.ts'
import type { Counters } from './counters.ts'
import { Flusher, type Delivery } from './flusher.ts'
import { toFrame } from './frame.ts'
import type { LatestValues } from './latest-values.ts'
import type { LogFollower } from './log-follower.ts'
import type { ResolvedHubOptions } from './options.ts'
import type { RecentWindow } from './recent-window.ts'
import type { Subscriber } from './subscriber.ts'
import { TopicStats } from './topic-stats.ts'

/** What the fan-out works with. */
export interface FanOutParts {
  readonly follower: LogFollower
  readonly window: RecentWindow
  readonly latest: LatestValues
  readonly counters: Counters
}

/** From a log entry to bytes in the sockets of all who asked for it. */
export class FanOut implements Delivery {
  readonly cohorts: CohortTable = new CohortTable()
  readonly topics: TopicStats = new TopicStats()
  readonly #parts: FanOutParts
  readonly #flusher: Flusher
  readonly #maxLogBytes: number
  readonly #fellBehind: (subscriber: Subscriber) => void

  constructor(
    parts: FanOutParts,
    options: ResolvedHubOptions,
    fellBehind: (subscriber: Subscriber) => void,
  ) {
    this.#parts = parts
    this.#maxLogBytes = options.cohortLogBytes
    this.#flusher = new Flusher(this, parts.follower, options)
    this.#fellBehind = fellBehind
  }

  /** Encodes each entry once, keeps it at hand, and offers it to the cohorts that match. */
  dispatch(batch: readonly Entry[]): void {
    const { follower, window, latest } = this.#parts
    for (const entry of batch) {
      const frame = toFrame(entry, follower.epoch)
      window.add(frame)
      latest.add(entry)
      for (const topic of entry.topics) this.topics.add(topic)
      this.cohorts.offer(frame, (cohort) => this.#flusher.mark(cohort))
      follower.advance(entry.position)
    }
  }

  /** Sends what the subscriber has not been sent of its cohort's log, as much as it takes. */
  deliver(subscriber: Subscriber): void {
    const { session, cohort } = subscriber
    const { log } = cohort
    while (subscriber.at < log.head) {
      if (session.isOver) return
      if (session.isBlocked) return this.#leaveBehind(subscriber)
      if (subscriber.at < log.base) return this.#fellBehind(subscriber)
      const piece = log.piece(subscriber.at, session.framing)
      subscriber.at = piece.to
      subscriber.last = piece.last
      this.#parts.counters.delivered += piece.events
      this.#parts.counters.deliveredBytes += piece.bytes.length
      hand(session, piece.bytes)
    }
    cohort.caughtUp(subscriber)
  }

  /** Resolves when nothing is pending. */
  async idle(): Promise<void> {
    while (this.#flusher.hasWork) await new Promise((resolve) => setImmediate(resolve))
  }

  #leaveBehind(subscriber: Subscriber): void {
    const { cohort, namespace, session } = subscriber
    cohort.fellBack(subscriber)
    const lag = cohort.log.head - subscriber.at
    if (namespace.slowPolicy === 'disconnect' && lag > this.#maxLogBytes) {
      session.close('slow', { graceMs: 0 })
    }
  }
}

/** A transport that throws costs its own session, not the flush of all others. */
function hand(session: Session, bytes: Buffer): void {
  try {
    session.writeFramed(bytes)
  } catch (error) {
    session.close('error', { graceMs: 0, error })
  }
}
