import { brokerErrors, type Broker, type LogState, type ReadRequest } from '@heartline/broker'
import { LOG_EVENTS } from '@heartline/broker-relay'
import type { Session, SessionObserver } from '@heartline/session'
import { HeartlineError } from '@heartline/wire'
import { toControlPiece, toPieces, type FeedPiece } from './feed-piece.ts'

/**
 * What may wait for a relay that is behind. Its pieces are shared with the other relays; a relay
 * that falls behind further reads the log again from its place, and costs nothing meanwhile.
 */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
const PAGE: Pick<ReadRequest, 'maxEntries' | 'maxBytes'> = { maxEntries: 500, maxBytes: 262_144 }
/** The wait after a read that failed. */
const RETRY_MS = 200

/** The feed as a relay's reader sees it. */
export interface FeedSource {
  readonly broker: Broker
  readonly epoch: string
  /** The newest entry that was offered to all. */
  readonly offset: number
  leave(reader: FeedReader): void
}

/** One relay and its place in the log. */
export class FeedReader implements SessionObserver {
  readonly #session: Session
  readonly #feed: FeedSource
  #offset: number
  #isLive = false
  #waiting: FeedPiece[] = []
  #waitingBytes = 0
  /** Counts resets: a page that was asked for before one is of another past. */
  #life = 0

  constructor(session: Session, feed: FeedSource, offset: number) {
    this.#session = session
    this.#feed = feed
    this.#offset = offset
    session.observe(this)
  }

  /** Brings the relay to the end of the log, and from then on whatever comes. */
  follow(): void {
    void this.#catchUp()
  }

  /** A piece for all who are at the end. */
  offer(pieces: readonly FeedPiece[]): void {
    if (!this.#isLive) return
    for (const piece of pieces) {
      if (this.#waitingBytes > MAX_WAITING_BYTES) return this.#fallBehind()
      this.send(piece)
    }
  }

  reset(state: LogState): void {
    this.#life++
    this.#offset = state.last.offset
    this.send(toControlPiece(LOG_EVENTS.reset, state))
  }

  /** Tells the relay to come back, and ends the stream. */
  drain(): void {
    this.#session.drain()
  }

  /** Sends a piece, or keeps it until the relay has taken what was before. */
  send(piece: FeedPiece): void {
    if (this.#session.isOver) return
    if (piece.last !== undefined) this.#offset = piece.last
    if (!this.#session.isBlocked && this.#waiting.length === 0) {
      this.#session.writeFramed(piece.bytesFor(this.#session))
      return
    }
    this.#waiting.push(piece)
    this.#waitingBytes += piece.raw.length
  }

  onWritable(session: Session): void {
    while (this.#waiting.length > 0 && !session.isBlocked && !session.isOver) {
      const pieces = this.#waiting.splice(0)
      this.#waitingBytes = 0
      session.writeFramed(Buffer.concat(pieces.map((piece) => piece.bytesFor(session))))
    }
  }

  onEnd(): void {
    this.#waiting = []
    this.#feed.leave(this)
  }

  #fallBehind(): void {
    this.#isLive = false
    void this.#catchUp()
  }

  /** One page at a time, each when the relay has taken the one before. */
  async #catchUp(): Promise<void> {
    while (await this.#session.ready()) {
      // No wait between this look and going live: what is sealed next is offered.
      if (this.#offset >= this.#feed.offset) {
        this.#isLive = true
        return
      }
      await this.#sendPage()
    }
  }

  async #sendPage(): Promise<void> {
    const life = this.#life
    const after = this.#offset
    try {
      const page = await this.#feed.broker.read({ after, until: this.#feed.offset, ...PAGE })
      if (life !== this.#life) return
      for (const piece of toPieces(this.#feed.epoch, page.entries)) this.send(piece)
    } catch (error) {
      if (life === this.#life) await this.#readFailed(error)
    }
  }

  async #readFailed(error: unknown): Promise<void> {
    const code = error instanceof HeartlineError ? error.code : undefined
    if (code === brokerErrors.closed.code) return this.drain()
    if (code === brokerErrors.expired.code) {
      const state = await this.#feed.broker.state().catch(() => undefined)
      if (state !== undefined) return this.reset(state)
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}
