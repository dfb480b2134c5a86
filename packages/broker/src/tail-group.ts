import { HeartlineError } from '@heartline/wire'
import type { Broker, Entry, LogState, Tail, TailSink } from './broker.ts'
import { brokerErrors } from './errors.ts'

/** What a tail needs of its log. */
export interface TailedLog {
  /** The state now, without a wait: what was published to the group and nothing more. */
  snapshot(): LogState
  readonly read: Broker['read']
}

const PAGE_ENTRIES = 500
const PAGE_BYTES = 1024 * 1024
const RETRY_MS = 100

/**
 * The tails of one log in this process.
 *
 * A tail is a cursor. Behind the log's end it reads pages; at the end it is handed what is
 * published. The step between the two happens without a wait, so no entry falls into the seam.
 */
export class TailGroup {
  readonly #log: TailedLog
  readonly #tails = new Set<Follower>()
  readonly #waiting: (readonly Entry[])[] = []
  #publishing = false
  #closed = false
  #following = true

  constructor(log: TailedLog) {
    this.#log = log
  }

  /** Follows the log after `after`. The sink is called from here on, also before this returns. */
  open(after: number, sink: TailSink): Tail {
    const follower = new Follower(this.#log, sink, after)
    this.#tails.add(follower)
    follower.start(this.#following)
    return {
      close: () => {
        follower.close()
        this.#tails.delete(follower)
      },
    }
  }

  /** Hands over entries that the log's snapshot already includes. In order, without holes. */
  publish(batch: readonly Entry[]): void {
    if (this.#closed || batch.length === 0) return
    this.#waiting.push(batch)
    // A sink may append: its entries wait until every tail has seen the ones before.
    if (this.#publishing) return
    this.#publishing = true
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      for (const tail of this.#tails) tail.accept(next)
    }
    this.#publishing = false
  }

  /** For a log that lives elsewhere: whether what is appended there arrives here. */
  setFollowing(following: boolean): void {
    this.#following = following
    for (const tail of this.#tails) tail.setFollowing(following)
  }

  /** The log's past is gone: every tail goes on after the end of the snapshot. */
  reset(): void {
    for (const tail of this.#tails) tail.reset()
  }

  /** Ends every tail without a further call to its sink. */
  close(): void {
    this.#closed = true
    for (const tail of this.#tails) tail.close()
    this.#tails.clear()
    this.#waiting.length = 0
  }
}

class Follower {
  readonly #log: TailedLog
  readonly #sink: TailSink
  #cursor: number
  #reading = false
  #closed = false
  /** What the sink was told last. */
  #stale = false
  #following = true
  #failing = false
  /** Counts resets: a page that was asked for before one belongs to another past. */
  #life = 0

  constructor(log: TailedLog, sink: TailSink, after: number) {
    this.#log = log
    this.#sink = sink
    this.#cursor = Math.max(0, after)
  }

  start(following: boolean): void {
    this.#call(() => this.#sink.state('live'))
    this.setFollowing(following)
    const { base, last } = this.#log.snapshot()
    // A position beyond the end is from a past that this log has not.
    if (this.#cursor < base.offset || this.#cursor > last.offset) this.reset()
    this.#catchUp()
  }

  setFollowing(following: boolean): void {
    this.#following = following
    this.#tellStale()
  }

  reset(): void {
    const state = this.#log.snapshot()
    this.#life++
    this.#cursor = state.last.offset
    this.#call(() => this.#sink.reset(state))
  }

  close(): void {
    this.#closed = true
  }

  accept(batch: readonly Entry[]): void {
    if (this.#closed || this.#reading) return
    const next = this.#cursor + 1
    const first = batch[0]?.position.offset ?? next
    if (first > next) return this.#catchUp()
    const rest = first === next ? batch : batch.filter((entry) => entry.position.offset >= next)
    this.#hand(rest)
  }

  #hand(batch: readonly Entry[]): void {
    const last = batch.at(-1)
    if (last === undefined || this.#closed) return
    this.#cursor = last.position.offset
    this.#call(() => this.#sink.entries(batch))
  }

  #catchUp(): void {
    if (this.#reading || this.#closed || this.#isAtEnd()) return
    this.#reading = true
    void this.#readPages()
  }

  async #readPages(): Promise<void> {
    while (!this.#closed && !this.#isAtEnd()) {
      const waitMs = await this.#readPage()
      if (!this.#closed && (waitMs > 0 || !this.#isAtEnd())) await pause(waitMs)
    }
    // No wait between the look at the end and this: what is published next is handed over.
    this.#reading = false
  }

  /** Answers how long to wait before the next page. */
  async #readPage(): Promise<number> {
    const limits = { maxEntries: PAGE_ENTRIES, maxBytes: PAGE_BYTES }
    const life = this.#life
    try {
      const page = await this.#log.read({ after: this.#cursor, ...limits })
      this.#setFailing(false)
      if (life === this.#life) this.#hand(page.entries)
      return 0
    } catch (error) {
      return life === this.#life ? this.#readFailed(error) : 0
    }
  }

  #readFailed(error: unknown): number {
    if (this.#closed) return 0
    const code = error instanceof HeartlineError ? error.code : undefined
    if (code === brokerErrors.closed.code) this.close()
    if (code === brokerErrors.expired.code) this.reset()
    if (code === brokerErrors.closed.code || code === brokerErrors.expired.code) return 0
    this.#setFailing(true)
    return RETRY_MS
  }

  #isAtEnd(): boolean {
    return this.#cursor >= this.#log.snapshot().last.offset
  }

  #setFailing(failing: boolean): void {
    this.#failing = failing
    this.#tellStale()
  }

  #tellStale(): void {
    const stale = this.#failing || !this.#following
    if (this.#stale === stale || this.#closed) return
    this.#stale = stale
    this.#call(() => this.#sink.state(stale ? 'stale' : 'live'))
  }

  /** A sink that throws is a bug of its owner: it must surface, but not fail somebody's append. */
  #call(deliver: () => void): void {
    if (this.#closed) return
    try {
      deliver()
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

/** Lets the event loop turn, so that a long catch-up starves nobody. */
function pause(waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (waitMs === 0) setImmediate(resolve)
    else setTimeout(resolve, waitMs)
  })
}
