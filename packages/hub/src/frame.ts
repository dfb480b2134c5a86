import { Buffer } from 'node:buffer'
import type { Entry, Position } from '@heartline/broker'
import { encodeEvent, encodePosition } from '@heartline/wire'

/** An entry as it stands on the wire: encoded once, shared by all who read it. */
export interface Frame {
  readonly entry: Entry
  /** The complete event text: `id:`, `event:`, `retry:`, `data:` lines and the empty line. */
  readonly bytes: Buffer
}

/** Encodes when the bytes are asked for: most of what a replay looks at is for others. */
class EntryFrame implements Frame {
  readonly entry: Entry
  readonly #epoch: string
  #bytes: Buffer | undefined

  constructor(entry: Entry, epoch: string) {
    this.entry = entry
    this.#epoch = epoch
  }

  get bytes(): Buffer {
    const { entry } = this
    this.#bytes ??= Buffer.from(encodeEntry(entry, encodePosition(this.#epoch, entry.position)))
    return this.#bytes
  }
}

/** The frame of an entry of this epoch. */
export function toFrame(entry: Entry, epoch: string): Frame {
  return new EntryFrame(entry, epoch)
}

/** Without an id: values of a snapshot, whose place is told once at its end. */
export function encodeEntry(entry: Entry, id: string | undefined): string {
  return encodeEvent({ id, type: mend(entry.type), retry: entry.retry, data: entry.data })
}

/**
 * The topics of the event that follows: a comment, which readers that did not ask for it would not
 * notice either. JSON leaves no line end in it.
 */
export function encodeTopics(topics: readonly string[]): string {
  return `: heartline topics=${JSON.stringify(topics)}\n`
}

// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000\r\n]/g

/**
 * Publishers cannot give such a type, but others may write to a log that several programs share:
 * one bad entry must not end the hub that reads it.
 */
function mend(type: string | undefined): string | undefined {
  return type?.replaceAll(UNPRINTABLE, ' ')
}

/** Tells a reader its place. `data` is there because some clients ignore an id without it. */
export function encodeCursorEvent(epoch: string, position: Position): string {
  return encodeEvent({ id: encodePosition(epoch, position), type: 'heartline.cursor', data: '{}' })
}

/** The longest delay that timers take, 2^31 - 1 ms: 24 days. */
const NEVER_MS = 2_147_483_647

/**
 * Tells a reader to stay away. A plain EventSource knows no such word; the longest delay holds it
 * back as long as its page lives.
 */
export function encodeStayAwayEvent(): string {
  return encodeEvent({ type: 'heartline.end', retry: NEVER_MS, data: '{"reconnect":false}' })
}

/** Why events are missing between two cursors. */
export type GapReason = 'expired' | 'epoch' | 'diverged' | 'slow'

/** A hole that is admitted: between `from` and `to`, both cursors, events are missing. */
export interface Gap {
  readonly from: string
  readonly to: string
  readonly reason: GapReason
}

/** Admits a hole. The id is where the reader then is: in most cases the end of the hole. */
export function encodeGapEvent(gap: Gap, id: string): string {
  return encodeEvent({ id, type: 'heartline.gap', data: JSON.stringify(gap) })
}
