import type { Subscriber } from './subscriber.ts'
import { SweepTimer } from './sweep-timer.ts'

/** Missed in a row before a session counts as gone. */
const MISSED_LIMIT = 3

/** What an `AckWatch` may be given. */
export interface AckWatchOptions {
  /** A steady clock: a wall clock that is set forward would end everyone. Milliseconds. */
  readonly now?: (() => number) | undefined
  /** An acknowledgement is missing, and the session goes on. */
  readonly onMissed?: ((subscriber: Subscriber) => void) | undefined
}

/** The two-way heartbeat: sessions that acknowledged once are expected to go on. */
export class AckWatch {
  readonly #now: () => number
  readonly #onMissed: (subscriber: Subscriber) => void
  /** With how many each has missed in a row. */
  readonly #watched = new Map<Subscriber, number>()
  readonly #timer = new SweepTimer(() => this.sweep())

  constructor({ now = () => performance.now(), onMissed = () => {} }: AckWatchOptions = {}) {
    this.#now = now
    this.#onMissed = onMissed
  }

  /** Sessions that are watched. */
  get size(): number {
    return this.#watched.size
  }

  /** An acknowledgement arrived. Without heartbeats there is no pace to hold the reader to. */
  note(subscriber: Subscriber): void {
    subscriber.ackedAt = this.#now()
    if (subscriber.namespace.heartbeatMs === 0) return
    this.#watched.set(subscriber, 0)
    this.#timer.start()
  }

  forget(subscriber: Subscriber): void {
    this.#watched.delete(subscriber)
    if (this.#watched.size === 0) this.#timer.stop()
  }

  /** Ends the sessions that missed three acknowledgements in a row. */
  sweep(): void {
    const now = this.#now()
    for (const [subscriber, before] of this.#watched) {
      const { heartbeatMs } = subscriber.namespace
      const silentMs = now - subscriber.ackedAt
      // One more interval: the acknowledgement of the last heartbeat may be under way.
      if (silentMs > heartbeatMs * (MISSED_LIMIT + 1)) {
        subscriber.session.close('unresponsive', { graceMs: 0 })
        continue
      }
      const missed = Math.ceil(silentMs / heartbeatMs) - 2
      if (missed <= before) continue
      this.#watched.set(subscriber, missed)
      this.#onMissed(subscriber)
    }
  }
}
