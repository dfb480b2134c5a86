import { Buffer } from 'node:buffer'
import type { Position } from '@heartline/broker'
import { frameChunk, type Framing } from '@heartline/session'

/** A reader is sent pieces of about this size, so that what one that takes none holds stays small. */
export const PIECE_BYTES: number = 65_536

/** All events of one flush, framed at most once for each framing. */
interface Batch {
  /** Raw byte positions in the life of this log. */
  readonly start: number
  readonly end: number
  readonly bytes: Buffer
  readonly events: number
  /** The newest entry looked at when the batch was sealed. */
  readonly last: Position
  /** The batch as a piece of its own, framed for the first who asked. */
  chunked: Piece | undefined
  raw: Piece | undefined
}

/** What one write hands to a session. */
export interface Piece {
  readonly bytes: Buffer
  readonly to: number
  readonly events: number
  readonly last: Position
}

/** A piece of more than one batch, for the position that nearly all ask for. */
interface Cached {
  readonly from: number
  readonly head: number
  readonly piece: Piece
}

/**
 * The shared log of a cohort: an append-only sequence of batches. A session holds only a position
 * in it; nearly all sessions ask for the same piece, which is framed once and remembered.
 *
 * What is added is pending until it is sealed into a batch.
 */
export class CohortLog {
  readonly #batches: Batch[] = []
  readonly #pending: Buffer[] = []
  #pendingBytes = 0
  #head: number
  #base: number
  #cachedChunk: Cached | undefined = undefined
  #cachedRaw: Cached | undefined = undefined

  /** @param at Position that its first batch has. */
  constructor(at: number = 0) {
    this.#head = at
    this.#base = at
  }

  /** Position after the newest batch. */
  get head(): number {
    return this.#head
  }

  /** The oldest position that can still be read. */
  get base(): number {
    return this.#base
  }

  /** Bytes that are not sealed. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  add(bytes: Buffer): void {
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
  }

  /** Makes one batch of what is pending. `last` is the newest entry that was looked at. */
  seal(last: Position): void {
    const parts = this.#pending
    const events = parts.length
    const [first] = parts
    if (first === undefined) return
    const bytes = events === 1 ? first : Buffer.concat(parts, this.#pendingBytes)
    const start = this.#head
    const end = start + bytes.length
    this.#batches.push({ start, end, bytes, events, last, chunked: undefined, raw: undefined })
    this.#head = end
    parts.length = 0
    this.#pendingBytes = 0
  }

  /** The next piece for a session at `from`, which must be in `[base, head)`. */
  piece(from: number, framing: Framing): Piece {
    const index = this.#find(from)
    const batch = this.#batches[index]
    if (batch !== undefined && !this.#fits(batch.bytes.length, index + 1)) {
      batch[framing] ??= this.#makePiece(index, framing)
      return batch[framing]
    }
    const cached = framing === 'chunked' ? this.#cachedChunk : this.#cachedRaw
    if (cached?.from === from && cached.head === this.#head) return cached.piece
    const piece = this.#makePiece(index, framing)
    const entry = { from, head: this.#head, piece }
    if (framing === 'chunked') this.#cachedChunk = entry
    else this.#cachedRaw = entry
    return piece
  }

  /**
   * Forgets the oldest batches until at most `maxBytes` are kept, but none that ends after the
   * position `served`.
   */
  trim(maxBytes: number, served: number = this.#head): void {
    let drop = 0
    while (this.#head - this.#base > maxBytes) {
      const batch = this.#batches[drop]
      if (batch === undefined || batch.end > served) break
      this.#base = batch.end
      drop++
    }
    if (drop === 0) return
    this.#batches.splice(0, drop)
    this.#forgetCached()
  }

  /** Empties it and goes on at a position: another cohort's, perhaps. */
  restartAt(position: number): void {
    this.#batches.length = 0
    this.#pending.length = 0
    this.#pendingBytes = 0
    this.#head = position
    this.#base = position
    this.#forgetCached()
  }

  #forgetCached(): void {
    this.#cachedChunk = undefined
    this.#cachedRaw = undefined
  }

  /** Whether a piece of `bytes` goes on with the batch at `index`. */
  #fits(bytes: number, index: number): boolean {
    const batch = this.#batches[index]
    return batch !== undefined && bytes + batch.bytes.length <= PIECE_BYTES
  }

  #makePiece(first: number, framing: Framing): Piece {
    const parts: Buffer[] = []
    let events = 0
    let bytes = 0
    let to = this.#base
    let last: Position = { ms: 0, offset: 0 }
    for (let index = first; index === first || this.#fits(bytes, index); index++) {
      const batch = this.#batches[index]
      if (batch === undefined) break
      parts.push(batch.bytes)
      bytes += batch.bytes.length
      events += batch.events
      to = batch.end
      last = batch.last
    }
    const [single] = parts
    const raw = parts.length === 1 && single !== undefined ? single : Buffer.concat(parts, bytes)
    return { bytes: framing === 'chunked' ? frameChunk(raw) : raw, to, events, last }
  }

  /** Index of the batch that starts at `from`. */
  #find(from: number): number {
    let low = 0
    let high = this.#batches.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#batches[middle]?.start ?? Infinity) <= from) low = middle
      else high = middle - 1
    }
    return low
  }
}
