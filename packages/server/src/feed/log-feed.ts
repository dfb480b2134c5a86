import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  brokerErrors,
  type Broker,
  type Entry,
  type LogState,
  type Position,
  type WritableState,
} from '@heartline/broker'
import { LOG_EVENTS, type LogGreeting, type LogHead } from '@heartline/broker-relay'
import { LogFollower, type FollowerListener } from '@heartline/hub'
import { createNodeSession } from '@heartline/session'
import { DEFAULT_LOG, decodeCursor, HeartlineError } from '@heartline/wire'
import { toControlPiece, toPieces, type FeedPiece } from './feed-piece.ts'
import { FeedReader, type FeedSource } from './feed-reader.ts'

/** Relays look for silence: the shorter, the sooner they find a dead path. */
const HEARTBEAT_MS = 5_000
/** How often the log is asked how far it is. */
const CHECK_MS = 5_000
/** A relay that takes nothing for so long is not there any more. It costs little meanwhile. */
const MAX_BLOCKED_MS = 600_000
/** Relays come back soon: their readers wait. */
const RETRY_MS = 100

/** Where a relay wants to go on. */
export type FeedStart =
  | { readonly kind: 'end' }
  | { readonly kind: 'offset'; readonly offset: number }
  /** A cursor's text that was checked. */
  | { readonly kind: 'cursor'; readonly cursor: string }

/** The log for relays: each entry encoded once, whatever their number. */
export class LogFeed implements FollowerListener, FeedSource {
  readonly broker: Broker & Partial<WritableState>
  /** Names this process to relays. */
  readonly instance: string
  readonly #follower: LogFollower
  readonly #readers = new Set<FeedReader>()
  #unsealed: Entry[] = []
  #isSealing = false
  #starting: Promise<void> | undefined
  #isClosed = false
  #sealed: Position = { ms: 0, offset: 0 }

  constructor(broker: Broker & Partial<WritableState>, instance: string) {
    this.broker = broker
    this.instance = instance
    this.#follower = new LogFollower(broker, this, CHECK_MS)
  }

  get epoch(): string {
    return this.#follower.epoch
  }

  /** The newest entry that was offered to all. */
  get offset(): number {
    return this.#sealed.offset
  }

  /** How many relays are attached. */
  get size(): number {
    return this.#readers.size
  }

  /** What the log is now. Rejects with the errors of the broker. */
  async head(): Promise<LogHead> {
    const { epoch, base, last } = await this.broker.state()
    return { epoch, base, last, durability: this.broker.durability, instance: this.instance }
  }

  /** Opens the stream of one relay. Rejects, before a byte is sent, with the broker's errors. */
  async attach(
    request: IncomingMessage,
    response: ServerResponse,
    asked: { readonly start: FeedStart; readonly expiresAtMs: number | undefined },
  ): Promise<void> {
    if (this.#isClosed) throw toUnavailable()
    await this.#start()
    const head = await this.head()
    const after = await this.#locate(head, asked.start)
    if (response.destroyed) return
    const session = createNodeSession(request, response, {
      heartbeatMs: HEARTBEAT_MS,
      retryMs: RETRY_MS,
      maxBlockedMs: MAX_BLOCKED_MS,
      expiresAtMs: asked.expiresAtMs,
    })
    const reader = new FeedReader(session, this, after ?? head.last.offset)
    this.#readers.add(reader)
    const greeting: LogGreeting = { ...head, continues: after !== undefined }
    reader.send(toControlPiece(LOG_EVENTS.log, greeting))
    if (!this.#follower.isLive) reader.send(toControlPiece(LOG_EVENTS.stale, {}))
    if (this.#isClosed) reader.drain()
    else reader.follow()
  }

  leave(reader: FeedReader): void {
    this.#readers.delete(reader)
  }

  /** Sends every relay away; they come back by themselves. */
  close(): void {
    this.#isClosed = true
    this.#seal()
    for (const reader of this.#readers) reader.drain()
    this.#follower.close()
  }

  onEntries(batch: readonly Entry[]): void {
    for (const entry of batch) {
      this.#unsealed.push(entry)
      this.#follower.advance(entry.position)
    }
    if (this.#isSealing) return
    this.#isSealing = true
    // What the log brings in one turn goes in one piece and one write.
    setImmediate(() => this.#seal())
  }

  onReset(): void {
    this.#unsealed = []
    const { epoch, position } = this.#follower
    this.#sealed = position
    // What of the new past is there already, a relay asks itself.
    const state = { epoch, base: position, last: position }
    for (const reader of this.#readers) reader.reset(state)
  }

  onLive(isLive: boolean): void {
    this.#seal()
    this.#tell(toControlPiece(isLive ? LOG_EVENTS.live : LOG_EVENTS.stale, {}))
  }

  onCheck(): void {}

  #start(): Promise<void> {
    this.#starting ??= this.#startFollower().catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  async #startFollower(): Promise<void> {
    await this.#follower.start()
    this.#sealed = this.#follower.position
  }

  /** Undefined when the relay's past is not that of this log. */
  async #locate(head: LogState, start: FeedStart): Promise<number | undefined> {
    if (start.kind === 'end') return head.last.offset
    if (start.kind === 'offset') return isInside(head, start.offset) ? start.offset : undefined
    const cursor = decodeCursor(start.cursor)
    const position = cursor.positions.get(DEFAULT_LOG)
    if (cursor.epoch !== head.epoch || position === undefined) return undefined
    const located = await this.broker.locate(position)
    return located.status === 'ok' ? located.resume.offset : undefined
  }

  #seal(): void {
    this.#isSealing = false
    const entries = this.#unsealed
    const last = entries.at(-1)
    if (last === undefined) return
    this.#unsealed = []
    this.#sealed = last.position
    if (this.#readers.size === 0) return
    const pieces = toPieces(this.epoch, entries)
    for (const reader of this.#readers) reader.offer(pieces)
  }

  #tell(piece: FeedPiece): void {
    for (const reader of this.#readers) reader.send(piece)
  }
}

function toUnavailable(): HeartlineError {
  return new HeartlineError(brokerErrors.unavailable, { reason: 'the hub is leaving' })
}

function isInside({ base, last }: LogState, offset: number): boolean {
  return offset >= base.offset && offset <= last.offset
}
