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

/** What an empty log holds. Shared: most logs are empty at most times. */
const NONE: readonly Batch[] = Object.freeze([])

/** A piece of more than one batch, for the position that nearly all ask for. */
interface Cached {
  readonly from: number
  readonly head: number
  readonly piece: Piece
}

/**
 * The shared log of a cohort: an append-only sequence of batches. A session holds only a position
 * in it; nearly all sessions ask for the same piece, which is framed once and remembered.
 */
export class CohortLog {
  #batches: Batch[] = NONE as Batch[]
  #head = 0
  #base = 0
  #cachedChunk: Cached | undefined = undefined
  #cachedRaw: Cached | undefined = undefined

  /** Position after the newest batch. */
  get head(): number {
    return this.#head
  }

  /** The oldest position that can still be read. */
  get base(): number {
    return this.#base
  }

  append(bytes: Buffer, events: number, last: Position): void {
    const start = this.#head
    this.#head += bytes.length
    const end = this.#head
    const batch = { start, end, bytes, events, last, chunked: undefined, raw: undefined }
    if (this.#batches === NONE) this.#batches = [batch]
    else this.#batches.push(batch)
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

  /** Everyone has everything: nothing needs to be kept. */
  clear(): void {
    this.#batches = NONE as Batch[]
    this.#base = this.#head
    this.#forgetCached()
  }

  /** A field that holds nothing is not written: the write alone would fetch it from memory. */
  #forgetCached(): void {
    if (this.#cachedChunk !== undefined) this.#cachedChunk = undefined
    if (this.#cachedRaw !== undefined) this.#cachedRaw = undefined
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
