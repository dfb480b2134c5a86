import type { Entry } from '@heartline/broker'
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

  /**
   * Sends what the subscriber has not been sent of its cohort's log. Returns false when something
   * remains because the reader does not take it.
   */
  deliver(subscriber: Subscriber): boolean {
    const { session, cohort } = subscriber
    const { log } = cohort
    while (subscriber.at < log.head) {
      if (session.isOver) return true
      if (session.isBlocked) return this.#leaveBehind(subscriber)
      if (subscriber.at < log.base) {
        this.#fellBehind(subscriber)
        return true
      }
      const piece = log.piece(subscriber.at, session.framing)
      subscriber.at = piece.to
      subscriber.last = piece.last
      this.#parts.counters.delivered += piece.events
      this.#parts.counters.deliveredBytes += piece.bytes.length
      session.writeFramed(piece.bytes)
    }
    return true
  }

  /** Resolves when nothing is pending. */
  async idle(): Promise<void> {
    while (this.#flusher.hasWork) await new Promise((resolve) => setImmediate(resolve))
  }

  #leaveBehind(subscriber: Subscriber): boolean {
    const lag = subscriber.cohort.log.head - subscriber.at
    if (subscriber.namespace.slowPolicy === 'disconnect' && lag > this.#maxLogBytes) {
      subscriber.session.close('slow', { graceMs: 0 })
    }
    return false
  }
}
