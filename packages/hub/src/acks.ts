import type { Subscriber } from './subscriber.ts'

/** Missed in a row before a session counts as gone. */
const MISSED_LIMIT = 3
const SWEEP_MS = 1_000

/**
 * The two-way heartbeat: sessions that acknowledged once are expected to go on. One timer for all,
 * running only while there are any.
 */
export class AckWatch {
  readonly #now: () => number
  readonly #watched = new Set<Subscriber>()
  #timer: ReturnType<typeof setInterval> | undefined

  /** @param now A steady clock: a wall clock that is set forward would end everyone. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Sessions that are watched. */
  get size(): number {
    return this.#watched.size
  }

  /** An acknowledgement arrived. Without heartbeats there is no pace to hold the reader to. */
  note(subscriber: Subscriber): void {
    subscriber.ackedAt = this.#now()
    if (subscriber.namespace.heartbeatMs === 0) return
    this.#watched.add(subscriber)
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS)
    this.#timer.unref()
  }

  forget(subscriber: Subscriber): void {
    this.#watched.delete(subscriber)
    if (this.#watched.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Ends the sessions that missed three acknowledgements in a row. */
  sweep(): void {
    const now = this.#now()
    for (const subscriber of this.#watched) {
      const { heartbeatMs } = subscriber.namespace
      // One more interval: the acknowledgement of the last heartbeat may be under way.
      if (now - subscriber.ackedAt <= heartbeatMs * (MISSED_LIMIT + 1)) continue
      subscriber.session.close('unresponsive', { graceMs: 0 })
    }
  }
}
