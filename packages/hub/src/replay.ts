import { Buffer } from 'node:buffer'
import type { Broker, Entry, Position } from '@heartline/broker'
import { encodePosition, HeartlineError } from '@heartline/wire'
import type { Counters } from './counters.ts'
import type { CursorFrames } from './cursor-frames.ts'
import { encodeEntry, encodeGapEvent, type Frame, type Gap } from './frame.ts'
import type { FramePage, HistoryReader } from './history-reader.ts'
import type { HistorySegment } from './history-segment.ts'
import type { LatestLoader } from './latest-loader.ts'
import type { LatestValues } from './latest-values.ts'
import type { LogFollower } from './log-follower.ts'
import type { NamespaceTable } from './namespace.ts'
import { PAGE_COST, type Paced, type Pacer } from './pacer.ts'
import { PieceWriter } from './piece-writer.ts'
import type { RecentWindow } from './recent-window.ts'
import { ReplayFilter } from './replay-filter.ts'
import type { SharedHistory, SharedPiece } from './shared-history.ts'
import type { StartingPoint } from './starting-point.ts'
import type { Subscriber } from './subscriber.ts'

/** A collapse looks at so many of the newest entries: it must not take longer than what it saves. */
const MAX_COLLAPSED = 50_000

/** What a replay works with. One for all replays of a hub. */
export interface ReplaySource {
  readonly broker: Broker
  readonly follower: LogFollower
  readonly window: RecentWindow
  readonly history: HistoryReader
  readonly shared: SharedHistory
  readonly cursors: CursorFrames
  readonly namespaces: NamespaceTable
  readonly latest: LatestValues
  readonly loader: LatestLoader
  readonly counters: Counters
  readonly pacer: Pacer
}

/**
 * Brings one subscriber from a place in history to the live stream, step by step as the pacer lets
 * it. What its cohort shares is sent as it is; the rest is looked at for this reader alone.
 *
 * The seam: a replay reads up to the entry that the hub dispatched last, and when there is nothing
 * left to read the subscriber joins its cohort in the same turn of the event loop. What is
 * dispatched after that turn reaches it through the cohort, what was before through the replay:
 * no entry both ways, none in neither.
 *
 * `subscriber.last` is its place: an exact position up to which nothing is missing. Only such a
 * one is ever told, as an id or as the beginning of a gap.
 */
export class Replay implements Paced {
  readonly #source: ReplaySource
  readonly #subscriber: Subscriber
  readonly #writer: PieceWriter
  readonly #onLive: () => void
  /** Made for the first part that its readers must not share: most replays have none. */
  #ownFilter: ReplayFilter | undefined
  /** Everything up to this offset was looked at. */
  #after: number
  /** The newest entry that was kept back and not yet admitted as a gap. */
  #withheld: Position | undefined
  /** What was read for it, between the reading and its turn. */
  #page: HistorySegment | undefined
  /** True while it goes on when the session takes bytes again. */
  #isWaiting = false

  /** @param onLive Called in the turn in which the subscriber goes live. */
  constructor(
    source: ReplaySource,
    subscriber: Subscriber,
    start: StartingPoint,
    onLive: () => void,
  ) {
    this.#source = source
    this.#subscriber = subscriber
    this.#writer = new PieceWriter(subscriber.session, source.counters)
    this.#onLive = onLive
    this.#after = start.after.offset
    subscriber.last = start.after
    if (start.gap !== undefined) this.#admit(start.gap, start.gap.to)
  }

  /** Begins, and goes on until the subscriber is live or over. */
  start(): void {
    const { follower, pacer } = this.#source
    const owed = follower.position.offset - this.#after
    // Nothing to read: it is live before anything else happens.
    if (owed === 0) this.advance()
    else if (owed > 0) pacer.add(this)
    else void this.#reachHub()
  }

  /** The session takes bytes again. */
  wake(): void {
    if (!this.#isWaiting) return
    this.#isWaiting = false
    this.#source.pacer.add(this)
  }

  /** Called by the pacer. */
  advance(): number {
    try {
      return this.#advance()
    } catch {
      this.#fail()
      return 0
    }
  }

  /**
   * Sends the present value of each key before anything else. Without ids: half a snapshot is no
   * place to resume from. False when the session is over.
   */
  async sendSnapshot(entries: readonly Entry[]): Promise<boolean> {
    for (const entry of entries) {
      const told = this.#subscriber.cohort.told(entry)
      this.#writer.add(Buffer.from(told + encodeEntry(entry, undefined)), 1)
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
    while (this.#after < until.offset && (await this.#writer.flush())) {
      await this.#source.pacer.turn()
      await this.#step(until)
    }
    this.#filter.endCollapse()
  }

  get #filter(): ReplayFilter {
    this.#ownFilter ??= new ReplayFilter(this.#subscriber.cohort, this.#source)
    return this.#ownFilter
  }

  /** A reader that comes from another hub may know entries that this one has not seen yet. */
  async #reachHub(): Promise<void> {
    await this.#source.follower.reached(this.#after, () => this.#subscriber.session.isOver)
    this.#source.pacer.add(this)
  }

  #advance(): number {
    const { session } = this.#subscriber
    const { position } = this.#source.follower
    if (session.isOver) return 0
    if (session.isBlocked) {
      // What a reader that takes nothing holds on to stays small.
      this.#page = undefined
      this.#isWaiting = true
      return 0
    }
    if (this.#after >= position.offset) return this.#join()
    if (!this.#writer.isEmpty) return this.#goOn(this.#writer.writeNow())
    const piece = this.#withheld === undefined ? this.#sharedPiece(position) : undefined
    if (piece !== undefined) return this.#send(piece, position)
    void this.#readOn(position)
    return PAGE_COST
  }

  /** It takes its next step when the session and the others let it. */
  #goOn(cost: number): number {
    this.#source.pacer.add(this)
    return cost
  }

  #sharedPiece(until: Position): SharedPiece | undefined {
    const { shared } = this.#source
    const { cohort, session } = this.#subscriber
    const page = this.#page
    this.#page = undefined
    if (page?.covers(this.#after) === true) {
      return shared.pieceOf(page, cohort, this.#after, session.framing)
    }
    return shared.recent(cohort, this.#after, until, session.framing)
  }

  #send(piece: SharedPiece, until: Position): number {
    const { bytes, events, last, through, isFinal } = piece
    const { session } = this.#subscriber
    const { counters } = this.#source
    this.#after = through
    if (last !== undefined) this.#subscriber.last = last
    if (isFinal) this.#goLive(until)
    else this.#source.pacer.add(this)
    if (bytes.length === 0) return 0
    counters.delivered += events
    counters.replayed += events
    counters.deliveredBytes += bytes.length
    session.writeFramed(bytes)
    return bytes.length
  }

  /** Reads what is not in memory, or looks at what is not shared, then goes on. */
  async #readOn(until: Position): Promise<void> {
    try {
      const page = await this.#readShared(until)
      if (page?.isShared === true) {
        this.#page = page
        this.#source.pacer.addReady(this)
        return
      }
      await this.#step(until)
      this.#source.pacer.add(this)
    } catch {
      this.#fail()
    }
  }

  /** What a cohort of one is owed is nobody else's. */
  async #readShared(until: Position): Promise<HistorySegment | undefined> {
    const { history, shared } = this.#source
    const { cohort } = this.#subscriber
    if (cohort.members.length < 2 || history.isRecent(this.#after)) return undefined
    return shared.read(cohort, this.#after, until.offset)
  }

  /** A reader whose history cannot be read is cut: it comes back with its cursor. */
  #fail(): void {
    this.#subscriber.session.close('error')
  }

  /** Answers the offset after which the newest of each key are: what is trimmed is in the gap. */
  async #noteNewest(until: Position): Promise<number> {
    const { selectors } = this.#subscriber.cohort.terms
    let after = Math.max(this.#after, until.offset - MAX_COLLAPSED)
    let first = after
    while (after < until.offset) {
      await this.#source.pacer.turn()
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
      this.#writer.add(this.#subscriber.cohort.bytesOf(frame), 1)
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
  #join(): number {
    const { session } = this.#subscriber
    const { cursors, follower } = this.#source
    this.#admitWithheld()
    this.#goLive(follower.position)
    if (!this.#writer.isEmpty) {
      this.#writer.add(cursors.get('raw'), 0)
      return this.#writer.writeNow()
    }
    const bytes = cursors.get(session.framing)
    this.#source.counters.deliveredBytes += bytes.length
    session.writeFramed(bytes)
    return bytes.length
  }

  #goLive(position: Position): void {
    this.#subscriber.goLive(this.#subscriber.cohort.seal(position), position)
    this.#onLive()
  }

  #cursor(position: Position): string {
    return encodePosition(this.#source.follower.epoch, position)
  }
}
