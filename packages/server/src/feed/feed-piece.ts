import type { Entry } from '@heartline/broker'
import { encodeEntry } from '@heartline/broker-relay'
import { frameChunk, type Session } from '@heartline/session'
import { encodeEvent, encodePosition } from '@heartline/wire'

/** A piece is cut after the entry that makes it exceed so many characters. */
const PIECE_CHARACTERS = 256 * 1024

/** A part of the feed: encoded once, framed once, handed to every relay that is at its place. */
export class FeedPiece {
  readonly raw: Buffer
  /** The offset of its newest entry. Undefined: it has none and moves nobody. */
  readonly last: number | undefined
  #framed: Buffer | undefined

  constructor(text: string, last?: number) {
    this.raw = Buffer.from(text)
    this.last = last
  }

  /** The bytes for a session. */
  bytesFor(session: Session): Buffer {
    if (session.framing !== 'chunked') return this.raw
    this.#framed ??= frameChunk(this.raw)
    return this.#framed
  }
}

/** A control event. */
export function toControlPiece(type: string, content: unknown): FeedPiece {
  return new FeedPiece(encodeEvent({ type, data: JSON.stringify(content) }))
}

/** Entries as one event each piece: a list in JSON, whose id is the cursor of its last entry. */
export function toPieces(epoch: string, entries: readonly Entry[]): FeedPiece[] {
  const pieces: FeedPiece[] = []
  let items: string[] = []
  let characters = 0
  for (const [index, entry] of entries.entries()) {
    const item = encodeEntry(entry)
    items.push(item)
    characters += item.length
    if (characters < PIECE_CHARACTERS && index < entries.length - 1) continue
    pieces.push(toPiece(epoch, entry, items))
    items = []
    characters = 0
  }
  return pieces
}

function toPiece(epoch: string, last: Entry, items: readonly string[]): FeedPiece {
  const id = encodePosition(epoch, last.position)
  return new FeedPiece(`id: ${id}\ndata: [${items.join(',')}]\n\n`, last.position.offset)
}
