import { Buffer } from 'node:buffer'
import type { Broker, Entry, Position } from '@heartline/broker'
import { encodePosition, HeartlineError } from '@heartline/wire'
import type { Counters } from './counters.ts'
import { encodeCursorEvent, encodeEntry, encodeGapEvent, type Frame, type Gap } from './frame.ts'
import type { FramePage, HistoryReader } from './history-reader.ts'
import type { LatestLoader } from './latest-loader.ts'
import type { LatestValues } from './latest-values.ts'
import type { LogFollower } from './log-follower.ts'
import type { NamespaceTable } from './namespace.ts'
import type { Pacer } from './pacer.ts'
import { PieceWriter } from './piece-writer.ts'
import { ReplayFilter } from './replay-filter.ts'
import type { StartingPoint } from './starting-point.ts'
import type { Subscriber } from './subscriber.ts'

/** A collapse looks at so many of the newest entries: it must not take longer than what it saves. */
const MAX_COLLAPSED = 50_000

/** What a replay works with. One for all replays of a hub. */
export interface ReplaySource {
  readonly broker: Broker
  readonly follower: LogFollower
  readonly history: HistoryReader
  readonly namespaces: NamespaceTable
  readonly latest: LatestValues
  readonly loader: LatestLoader
  readonly counters: Counters
  readonly pacer: Pacer
}

/**
 * Brings one subscriber from a place in history to the live stream.
 *
 * The seam: a replay reads up to the entry that the hub dispatched last, and when there is nothing
 * left to read the subscriber joins its cohort in the same turn of the event loop. What is
 * dispatched after that turn reaches it through the cohort, what was before through the replay:
 * no entry both ways, none in neither.
 *
 * `subscriber.last` is its place: an exact position up to which nothing is missing. Only such a
 * one is ever told, as an id or as the beginning of a gap.
 */
export class Replay {
  readonly #source: ReplaySource
  readonly #subscriber: Subscriber
  readonly #writer: PieceWriter
  readonly #filter: ReplayFilter
  /** Everything up to this offset was looked at. */
  #after: number
  /** The newest entry that was kept back and not yet admitted as a gap. */
  #withheld: Position | undefined
  #isFirstPage = true

  constructor(source: ReplaySource, subscriber: Subscriber, start: StartingPoint) {
    this.#source = source
    this.#subscriber = subscriber
    this.#writer = new PieceWriter(subscriber.session, source.counters)
    this.#filter = new ReplayFilter(subscriber.cohort, source)
    this.#after = start.after.offset
    subscriber.last = start.after
    if (start.gap !== undefined) this.#admit(start.gap, start.gap.to)
  }

  /** Resolves when the subscriber is live or over. Rejects with the broker's errors. */
  async run(): Promise<void> {
    const { follower } = this.#source
    await follower.reached(this.#after, () => this.#subscriber.session.isOver)
    while (await this.#writer.flush()) {
      // Looked at in the turn of the join: another writer may have been first.
      if (this.#subscriber.session.isBlocked) continue
      if (this.#after >= follower.position.offset) return this.#join()
      await this.#step(follower.position)
    }
  }

  /**
   * Sends the present value of each key before anything else. Without ids: half a snapshot is no
   * place to resume from. False when the session is over.
   */
  async sendSnapshot(entries: readonly Entry[]): Promise<boolean> {
    for (const entry of entries) {
      this.#writer.add(Buffer.from(encodeEntry(entry, undefined)), 1)
      if (!this.#writer.isFull) continue
      if (!(await this.#writer.flush())) return false
      await this.#source.pacer.turn()
    }
    return this.#writer.flush()
  }

  /** Sends only the newest event of each key up to now, and says so with a gap. */
  async collapse(): Promise<void> {
    const until = this.#source.follower.position
    const from = this.#cursor(this.#subscriber.last)
    const after = await this.#noteNewest(until)
    // The id stays at `from`: the events that follow are older than the gap's end.
    this.#admit({ from, to: this.#cursor(until), reason: 'slow' }, from)
    this.#after = after
    while (this.#after < until.offset && (await this.#writer.flush())) await this.#step(until)
    this.#filter.endCollapse()
  }

  /** Answers the offset after which the newest of each key are: what is trimmed is in the gap. */
  async #noteNewest(until: Position): Promise<number> {
    const { selectors } = this.#subscriber.cohort.terms
    let after = Math.max(this.#after, until.offset - MAX_COLLAPSED)
    let first = after
    while (after < until.offset) {
      const page = await this.#read(after, until.offset, selectors)
      if (page === undefined) {
        after = (await this.#source.broker.state()).base.offset
        first = after
        continue
      }
      for (const { entry } of page.frames) this.#filter.note(entry)
      after = page.through
    }
    return first
  }

  /** Looks at the next page. Holds on to none of it when the session takes no more. */
  async #step(until: Position): Promise<void> {
    const { selectors } = this.#subscriber.cohort.terms
    const page = await this.#read(this.#after, until.offset, selectors)
    if (page === undefined) await this.#fellOffTheLog()
    else this.#takePage(page, until)
  }

  /** Undefined when retention was faster than this reader. */
  async #read(
    after: number,
    until: number,
    selectors: readonly string[],
  ): Promise<FramePage | undefined> {
    // Most readers that come back are owed one page.
    if (this.#isFirstPage) this.#isFirstPage = false
    else await this.#source.pacer.turn()
    try {
      return await this.#source.history.read(after, until, selectors)
    } catch (error) {
      if (error instanceof HeartlineError && error.code === 'HL_CURSOR_EXPIRED') return undefined
      throw error
    }
  }

  #takePage(page: FramePage, until: Position): void {
    for (const frame of page.frames) {
      this.#take(frame)
      if (this.#writer.isFull && !this.#writer.tryWrite()) return
    }
    this.#after = page.through
    // Between its last entry and its end a page has no position that is known to be exact.
    if (page.through === until.offset && this.#withheld === undefined) this.#subscriber.last = until
  }

  #take(frame: Frame): void {
    const { entry } = frame
    this.#after = entry.position.offset
    const verdict = this.#filter.judge(entry)
    if (verdict === 'withhold') this.#withheld = entry.position
    if (verdict === 'send') {
      this.#admitWithheld()
      this.#writer.add(frame.bytes, 1)
    }
    if (this.#withheld === undefined) this.#subscriber.last = entry.position
  }

  /** One gap for what is trimmed and for what was withheld before it. */
  async #fellOffTheLog(): Promise<void> {
    const { base } = await this.#source.broker.state()
    this.#withheld = base
    this.#admitWithheld()
    this.#after = base.offset
  }

  #admitWithheld(): void {
    const end = this.#withheld
    if (end === undefined) return
    this.#withheld = undefined
    const to = this.#cursor(end)
    this.#admit({ from: this.#cursor(this.#subscriber.last), to, reason: 'expired' }, to)
    this.#subscriber.last = end
  }

  #admit(gap: Gap, id: string): void {
    this.#source.counters.gaps[gap.reason]++
    this.#writer.add(Buffer.from(encodeGapEvent(gap, id)), 0)
  }

  /** Runs in one turn with the check that nothing is left to read and that the session is ready. */
  #join(): void {
    const subscriber = this.#subscriber
    const { follower } = this.#source
    this.#admitWithheld()
    subscriber.goLive(subscriber.cohort.seal(follower.position), follower.position)
    this.#writer.add(Buffer.from(encodeCursorEvent(follower.epoch, follower.position)), 0)
    this.#writer.writeNow()
  }

  #cursor(position: Position): string {
    return encodePosition(this.#source.follower.epoch, position)
  }
}
