import { Buffer } from 'node:buffer'
import type { Position } from '@heartline/broker'
import { frameChunk, type Framing } from '@heartline/session'
import { HeartlineError } from '@heartline/wire'
import type { Cohort, CohortMember } from './cohort.ts'
import { PIECE_BYTES } from './cohort-log.ts'
import type { CursorFrames } from './cursor-frames.ts'
import type { HistoryReader } from './history-reader.ts'
import { type Cut, gatherSegment, type HistorySegment } from './history-segment.ts'
import type { NamespaceTable } from './namespace.ts'

/** Kept for all replays of a hub together. */
export const MAX_SHARED_BYTES: number = 8_388_608
/** Entries of the log in one segment of what is in memory. */
const SEGMENT_ENTRIES = 128
/** Rough cost of a piece's objects. */
const PIECE_OVERHEAD_BYTES = 256

type Reader = Cohort<CohortMember>

/** What one write hands to a reader that comes back. */
export interface SharedPiece {
  readonly bytes: Buffer
  readonly events: number
  /** The newest event of it; undefined without any. */
  readonly last: Position | undefined
  /** Everything up to this offset was looked at. */
  readonly through: number
  /** True when it ends at the newest entry, with the `heartline.cursor` that says so. */
  readonly isFinal: boolean
}

/** What a history is gathered from. */
export interface SharedHistorySource {
  readonly history: HistoryReader
  readonly namespaces: NamespaceTable
  readonly cursors: CursorFrames
}

/** What the members of one cohort share. */
class CohortHistory {
  /** Of what is in memory, by index: each begins at a multiple of `SEGMENT_ENTRIES` or later. */
  readonly segments = new Map<number, HistorySegment>()
  /** Of what was read from the broker: a page begins where the first who asked stood. */
  readonly pages: HistorySegment[] = []
  readonly readings = new Map<number, Promise<HistorySegment | undefined>>()
  /** By the offset after which they begin, and their framing. They end at `until` or before. */
  readonly pieces = new Map<number, SharedPiece>()
  piecesCost = 0
  until = -1
  cost = 0
  /** False once it was given up: what is added counts no more. */
  isKept = true
}

/**
 * What readers that come back are owed, gathered once for each cohort. What is in memory is cut
 * into segments at fixed offsets; what one reader is handed is put together from them, and shared
 * again by all who come back with the same cursor. Pages of the broker are read once and shared.
 *
 * Bounded, and cleared soon after no reader is being replayed to.
 */
export class SharedHistory {
  readonly #source: SharedHistorySource
  readonly #byCohort = new Map<Reader, CohortHistory>()
  #cost = 0

  constructor(source: SharedHistorySource) {
    this.#source = source
  }

  /** About what it takes in memory, in bytes. */
  get cost(): number {
    return this.#cost
  }

  /**
   * The next piece, from memory, for a member that has everything up to `after`. Undefined when
   * what comes next is not in memory, or is to be looked at for this reader alone.
   * @param until The follower's position now, beyond `after`.
   */
  recent(
    cohort: Reader,
    after: number,
    until: Position,
    framing: Framing,
  ): SharedPiece | undefined {
    if (!this.#source.history.isRecent(after)) return undefined
    const shared = this.#of(cohort)
    if (shared.until !== until.offset) this.#forgetPieces(shared, until.offset)
    const key = keyOf(after, framing)
    const known = shared.pieces.get(key)
    if (known !== undefined) return known
    const piece = this.#gather(cohort, shared, after, framing)
    return piece && this.#keepPiece(shared, key, piece)
  }

  /**
   * Reads what comes after the offset from the broker, once for all members that ask meanwhile or
   * soon after. Undefined when retention was faster. Rejects with the broker's errors.
   */
  read(
    cohort: Reader,
    after: number,
    until: number,
  ): HistorySegment | Promise<HistorySegment | undefined> {
    const shared = this.#of(cohort)
    const known = shared.pages.find((page) => page.covers(after))
    if (known !== undefined) return known
    const reading = shared.readings.get(after)
    if (reading !== undefined) return reading
    const page = this.#readPage(cohort, shared, after, until)
    shared.readings.set(after, page)
    return page
  }

  /** The next piece of a page. Undefined when it is to be looked at for this reader alone. */
  pieceOf(
    page: HistorySegment,
    cohort: Reader,
    after: number,
    framing: Framing,
  ): SharedPiece | undefined {
    const shared = this.#of(cohort)
    const key = keyOf(after, framing)
    const known = shared.pieces.get(key)
    if (known !== undefined) return known
    const cut = page.isShared ? page.cut(after, PIECE_BYTES, true) : undefined
    if (cut === undefined) return undefined
    const bytes = frame(cut.bytes, framing)
    return this.#keepPiece(shared, key, { ...cut, bytes, isFinal: false })
  }

  /** Nobody is being replayed to, or the log began a new life. */
  clear(): void {
    for (const shared of this.#byCohort.values()) shared.isKept = false
    this.#byCohort.clear()
    this.#cost = 0
  }

  #of(cohort: Reader): CohortHistory {
    let shared = this.#byCohort.get(cohort)
    if (shared === undefined) this.#byCohort.set(cohort, (shared = new CohortHistory()))
    return shared
  }

  #keepPiece(shared: CohortHistory, key: number, piece: SharedPiece): SharedPiece {
    const cost = piece.bytes.length + PIECE_OVERHEAD_BYTES
    shared.pieces.set(key, piece)
    shared.piecesCost += cost
    this.#keep(shared, cost)
    return piece
  }

  #forgetPieces(shared: CohortHistory, until: number): void {
    shared.pieces.clear()
    this.#keep(shared, -shared.piecesCost)
    shared.piecesCost = 0
    shared.until = until
  }

  /** Puts a piece together from as many segments as fit into one write. */
  #gather(
    cohort: Reader,
    shared: CohortHistory,
    after: number,
    framing: Framing,
  ): SharedPiece | undefined {
    const cuts: Cut[] = []
    let [bytes, through] = [0, after]
    while (through < shared.until) {
      const left = PIECE_BYTES - bytes
      const cut = this.#segment(cohort, shared, through)?.cut(through, left, cuts.length === 0)
      if (cut === undefined) break
      cuts.push(cut)
      bytes += cut.bytes.length
      through = cut.through
    }
    if (cuts.length === 0) return undefined
    const parts = cuts.map((cut) => cut.bytes)
    const isFinal = through >= shared.until
    if (isFinal) parts.push(this.#source.cursors.get('raw'))
    return {
      bytes: frame(Buffer.concat(parts), framing),
      events: cuts.reduce((sum, cut) => sum + cut.events, 0),
      last: cuts.findLast((cut) => cut.last !== undefined)?.last,
      through,
      isFinal,
    }
  }

  /** The segment with the entry after `after`. Undefined when its readers must not share it. */
  #segment(cohort: Reader, shared: CohortHistory, after: number): HistorySegment | undefined {
    const index = Math.floor(after / SEGMENT_ENTRIES)
    const start = index * SEGMENT_ENTRIES
    const end = Math.min(start + SEGMENT_ENTRIES, shared.until)
    let segment = shared.segments.get(index)
    if (segment === undefined || segment.from > after || segment.through < end) {
      const range = this.#source.history.readRecent(start, after, end)
      if (range === undefined) return undefined
      const before = segment?.cost ?? 0
      segment = gatherSegment(range, cohort, this.#source.namespaces)
      shared.segments.set(index, segment)
      this.#keep(shared, segment.cost - before)
    }
    return segment.isShared ? segment : undefined
  }

  async #readPage(
    cohort: Reader,
    shared: CohortHistory,
    after: number,
    until: number,
  ): Promise<HistorySegment | undefined> {
    try {
      const { selectors } = cohort.terms
      const page = await this.#source.history.read(after, until, selectors)
      const segment = gatherSegment({ ...page, from: after }, cohort, this.#source.namespaces)
      shared.pages.push(segment)
      this.#keep(shared, segment.cost)
      return segment
    } catch (error) {
      if (error instanceof HeartlineError && error.code === 'HL_CURSOR_EXPIRED') return undefined
      throw error
    } finally {
      shared.readings.delete(after)
    }
  }

  /** Counts what is kept, and gives up the oldest when it is too much. */
  #keep(shared: CohortHistory, cost: number): void {
    if (!shared.isKept) return
    shared.cost += cost
    this.#cost += cost
    for (const [cohort, oldest] of this.#byCohort) {
      if (this.#cost <= MAX_SHARED_BYTES) return
      this.#byCohort.delete(cohort)
      this.#cost -= oldest.cost
      oldest.isKept = false
    }
  }
}

function keyOf(after: number, framing: Framing): number {
  return after * 2 + (framing === 'chunked' ? 1 : 0)
}

function frame(raw: Buffer, framing: Framing): Buffer {
  return framing === 'chunked' ? frameChunk(raw) : raw
}
