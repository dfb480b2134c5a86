import { Buffer } from 'node:buffer'
import type { Entry } from '@heartline/broker'
import { sharedWheel, type Framing } from '@heartline/session'
import { BatchWriter } from './batch-writer.ts'
import type { Cohort } from './cohort.ts'
import type { Piece } from './cohort-log.ts'
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

/** What nobody is handed. */
const NO_PIECE: Piece = { bytes: Buffer.alloc(0), to: 0, events: 0, last: { ms: 0, offset: 0 } }

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
  /** Everything for many readers goes through it: what is published and heartbeats. */
  readonly writer: BatchWriter
  readonly #maxLogBytes: number
  readonly #fellBehind: (subscriber: Subscriber) => void
  readonly #stopFlushing: () => void

  constructor(
    parts: FanOutParts,
    options: ResolvedHubOptions,
    fellBehind: (subscriber: Subscriber) => void,
  ) {
    this.#parts = parts
    this.#maxLogBytes = options.cohortLogBytes
    this.#flusher = new Flusher(this, parts.follower, options)
    this.writer = new BatchWriter(options.batchSender === 'none' ? undefined : options.batchSender)
    this.#fellBehind = fellBehind
    this.#stopFlushing = sharedWheel().afterTurn(() => this.writer.flush())
  }

  close(): void {
    this.#stopFlushing()
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
   * Nearly all members stand where the others do and take everything in one piece: for them this
   * is a comparison, a write and two numbers.
   */
  serve(cohort: Cohort<Subscriber>, index: number, stop: number): void {
    const { head, members } = cohort
    const { counters } = this.#parts
    let from = -1
    let framing: Framing = 'raw'
    let piece: Piece = NO_PIECE
    let writes = 0
    for (let n = index - 1; n >= stop; n--) {
      const member = members[n]
      // Gone meanwhile, or it has everything.
      if (member === undefined || member.at >= head) continue
      const { session } = member
      if (session.isBlocked || member.at < cohort.base) {
        this.#deliver(member)
        continue
      }
      if (member.at !== from || session.framing !== framing) {
        count(counters, piece, writes)
        ;({ at: from } = member)
        ;({ framing } = session)
        piece = cohort.piece(from, framing)
        writes = 0
      }
      if (!this.writer.write(session, piece.bytes)) {
        this.#deliver(member)
        continue
      }
      member.at = piece.to
      member.last = piece.last
      writes++
      if (piece.to < head) this.#deliver(member)
      else if (cohort.hasLaggards) cohort.caughtUp(member)
    }
    count(counters, piece, writes)
  }

  /** Sends what the subscriber has not been sent of its cohort's log, as much as it takes. */
  #deliver(subscriber: Subscriber): void {
    const { session, cohort } = subscriber
    while (subscriber.at < cohort.head) {
      if (session.isOver) return
      if (session.isBlocked) return this.#leaveBehind(subscriber)
      if (subscriber.at < cohort.base) {
        this.writer.flush()
        return this.#fellBehind(subscriber)
      }
      const piece = cohort.piece(subscriber.at, session.framing)
      if (!this.writer.write(session, piece.bytes)) continue
      subscriber.at = piece.to
      subscriber.last = piece.last
      count(this.#parts.counters, piece, 1)
    }
    cohort.caughtUp(subscriber)
  }

  /** A slice ends: nothing may be left in the batch. */
  endSlice(): void {
    this.writer.flush()
  }

  /** A reader takes bytes again. */
  resume(subscriber: Subscriber): void {
    this.#deliver(subscriber)
    this.writer.flush()
  }

  /** Before other work that can wait. */
  flushNow(): void {
    this.#flusher.flushNow()
  }

  /** Resolves when nothing is pending. From then on nothing waits for the next flush. */
  async idle(): Promise<void> {
    this.#flusher.hurry()
    while (this.#flusher.hasWork) await new Promise((resolve) => setImmediate(resolve))
  }

  #leaveBehind(subscriber: Subscriber): void {
    const { cohort, namespace, session } = subscriber
    cohort.fellBack(subscriber)
    const lag = cohort.head - subscriber.at
    if (namespace.slowPolicy === 'disconnect' && lag > this.#maxLogBytes) {
      // Whoever is told of the end may do anything.
      this.writer.flush()
      session.close('slow', { graceMs: 0 })
    }
  }
}

/** The piece was handed over so many times. */
function count(counters: Counters, piece: Piece, times: number): void {
  counters.delivered += piece.events * times
  counters.deliveredBytes += piece.bytes.length * times
}
