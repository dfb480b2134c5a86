import { Buffer } from 'node:buffer'
import type { Broker, Entry, Position } from '@heartline/broker'
import { encodePosition, HeartlineError } from '@heartline/wire'
import type { Counters } from './counters.ts'
import { encodeCursorEvent, encodeEntry, encodeGapEvent, type Frame, type Gap } from './frame.ts'
import type { FramePage, HistoryReader } from './history-reader.ts'
import type { LatestValues } from './latest-values.ts'
import type { LogFollower } from './log-follower.ts'
import type { NamespaceTable } from './namespace.ts'
import { isFree, PieceWriter } from './piece-writer.ts'
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
  readonly counters: Counters
}

/**
 * Brings one subscriber from a place in history to the live stream.
 *
 * The seam: a replay reads up to the entry that the hub dispatched last, and when there is nothing
 * left to read the subscriber joins its cohort in the same turn of the event loop. What is
 * dispatched after that turn reaches it through the cohort, what was before through the replay:
 * no entry both ways, none in neither.
 */
export class Replay {
  readonly #source: ReplaySource
  readonly #subscriber: Subscriber
  readonly #writer: PieceWriter
  readonly #filter: ReplayFilter
  /** Entries in `(after, ...]` are still to be looked at. */
  #after: Position
  /** The newest entry that was kept back and not yet admitted as a gap. */
  #withheld: Position | undefined
  /** Where a gap that is found now begins. */
  #gapFrom: Position

  constructor(source: ReplaySource, subscriber: Subscriber, start: StartingPoint) {
    this.#source = source
    this.#subscriber = subscriber
    this.#writer = new PieceWriter(subscriber.session, source.counters)
    this.#filter = new ReplayFilter(subscriber.cohort, source)
    this.#after = start.after
    this.#gapFrom = start.after
    if (start.gap !== undefined) this.#admit(start.gap, start.gap.to)
  }

  /** Resolves when the subscriber is live or over. Rejects with the broker's errors. */
  async run(): Promise<void> {
    const { session } = this.#subscriber
    const { follower } = this.#source
    await follower.reached(this.#after.offset)
    while (await isFree(session)) {
      if (this.#after.offset >= follower.position.offset) return this.#join()
      for (const frame of await this.#nextFrames()) {
        this.#take(frame)
        if (this.#writer.isFull && !(await this.#writer.flush())) return
      }
      if (!(await this.#writer.flush())) return
    }
  }

  /**
   * Sends the present value of each key before anything else. Without ids: half a snapshot is no
   * place to resume from. False when the session is over.
   */
  async sendSnapshot(entries: readonly Entry[]): Promise<boolean> {
    for (const entry of entries) {
      this.#writer.add(Buffer.from(encodeEntry(entry, undefined)), 1)
      if (this.#writer.isFull && !(await this.#writer.flush())) return false
    }
    return this.#writer.flush()
  }

  /** Sends only the newest event of each key up to now, and says so with a gap. */
  async collapse(): Promise<void> {
    const until = this.#source.follower.position
    await this.#noteNewest(until)
    // The id stays at `from`: the events that follow are older than the gap's end.
    const from = this.#cursor(this.#after)
    this.#admit({ from, to: this.#cursor(until), reason: 'slow' }, from)
    await this.#replayTo(until)
    this.#filter.endCollapse()
  }

  async #noteNewest(until: Position): Promise<void> {
    const { selectors } = this.#subscriber.cohort.terms
    let after = Math.max(this.#after.offset, until.offset - MAX_COLLAPSED)
    while (after < until.offset) {
      const page = await this.#source.history.read(after, until.offset, selectors)
      for (const { entry } of page.frames) this.#filter.note(entry)
      after = page.through
    }
  }

  async #replayTo(until: Position): Promise<void> {
    while (this.#after.offset < until.offset) {
      for (const frame of await this.#nextFrames(until)) {
        this.#take(frame)
        if (this.#writer.isFull && !(await this.#writer.flush())) return
      }
    }
  }

  async #nextFrames(until: Position = this.#source.follower.position): Promise<readonly Frame[]> {
    const { selectors } = this.#subscriber.cohort.terms
    try {
      const page = await this.#source.history.read(this.#after.offset, until.offset, selectors)
      this.#after = reached(page, until)
      return page.frames
    } catch (error) {
      if (!(error instanceof HeartlineError) || error.code !== 'HL_CURSOR_EXPIRED') throw error
      await this.#fellOffTheLog()
      return []
    }
  }

  /** Retention was faster than this reader. */
  async #fellOffTheLog(): Promise<void> {
    const { base } = await this.#source.broker.state()
    const to = this.#cursor(base)
    this.#admit({ from: this.#cursor(this.#after), to, reason: 'expired' }, to)
    this.#after = base
    this.#gapFrom = base
  }

  #take(frame: Frame): void {
    const { entry } = frame
    const verdict = this.#filter.judge(entry)
    if (verdict === 'withhold') this.#withheld = entry.position
    if (verdict !== 'send') return
    this.#admitWithheld()
    this.#gapFrom = entry.position
    this.#writer.add(frame.bytes, 1)
  }

  #admitWithheld(): void {
    if (this.#withheld === undefined) return
    const to = this.#cursor(this.#withheld)
    this.#withheld = undefined
    this.#admit({ from: this.#cursor(this.#gapFrom), to, reason: 'expired' }, to)
  }

  #admit(gap: Gap, id: string): void {
    this.#source.counters.gaps[gap.reason]++
    this.#writer.add(Buffer.from(encodeGapEvent(gap, id)), 0)
  }

  /** Runs in one turn with the check that nothing is left to read: the session is ready. */
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

/** The end of a page as a position: exact at its last entry and at the end of what was asked for. */
function reached(page: FramePage, until: Position): Position {
  if (page.through === until.offset) return until
  return { ms: page.frames.at(-1)?.entry.position.ms ?? 0, offset: page.through }
}
