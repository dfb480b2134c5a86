import { Buffer } from 'node:buffer'
import type { Position } from '@heartline/broker'
import type { Cohort, CohortMember } from './cohort.ts'
import type { Frame } from './frame.ts'
import type { NamespaceTable } from './namespace.ts'

/** A segment with more is not shared: to gather it costs little beside sending it. */
const MAX_SEGMENT_BYTES = 524_288
/** Rough cost of a segment's objects, and of an event's in it. */
const SEGMENT_OVERHEAD_BYTES = 256
const EVENT_OVERHEAD_BYTES = 48

/** A part of the log: everything in `(from, through]` was looked at. */
export interface LogRange {
  readonly from: number
  readonly through: number
  readonly frames: readonly Frame[]
}

/** What a reader takes of a segment. */
export interface Cut {
  readonly bytes: Buffer
  readonly events: number
  /** The newest event of it; undefined without any. */
  readonly last: Position | undefined
  /** Everything up to this offset was looked at. */
  readonly through: number
}

const NO_BYTES = Buffer.alloc(0)

/**
 * What a cohort is to see of a part of the log, gathered once for all its members that come back.
 * Each of them cuts what it is owed from the same bytes.
 */
export class HistorySegment {
  /** Everything in `(from, through]` was looked at. */
  readonly from: number
  readonly through: number
  /** False when each reader has to look at this part for itself: nothing is gathered then. */
  readonly isShared: boolean
  readonly #bytes: Buffer
  readonly #positions: readonly Position[]
  /** Where each event ends in the bytes. */
  readonly #ends: readonly number[]

  constructor(range: LogRange, sent: readonly Frame[] | undefined) {
    const frames = sent ?? []
    this.from = range.from
    this.through = range.through
    this.isShared = sent !== undefined
    this.#bytes = Buffer.concat(frames.map((frame) => frame.bytes))
    this.#positions = frames.map((frame) => frame.entry.position)
    let end = 0
    this.#ends = frames.map((frame) => (end += frame.bytes.length))
  }

  /** About what it takes in memory. */
  get cost(): number {
    const overhead = SEGMENT_OVERHEAD_BYTES + EVENT_OVERHEAD_BYTES * this.#ends.length
    return this.#bytes.length + overhead
  }

  /** True when it holds what comes after the offset. */
  covers(after: number): boolean {
    return this.from <= after && after < this.through
  }

  /**
   * What is after the offset, at most `maxBytes`. When the next event alone is more: that event if
   * one must be taken, else undefined.
   */
  cut(after: number, maxBytes: number, mustTake: boolean): Cut | undefined {
    const count = this.#ends.length
    const first = this.#firstAfter(after)
    if (first === count) {
      return { bytes: NO_BYTES, events: 0, last: undefined, through: this.through }
    }
    const start = this.#ends[first - 1] ?? 0
    let stop = mustTake ? first + 1 : first
    while (stop < count && (this.#ends[stop] ?? 0) - start <= maxBytes) stop++
    const last = this.#positions[stop - 1]
    if (stop === first || last === undefined) return undefined
    return {
      bytes: this.#bytes.subarray(start, this.#ends[stop - 1]),
      events: stop - first,
      last,
      through: stop === count ? this.through : last.offset,
    }
  }

  #firstAfter(offset: number): number {
    let low = 0
    let high = this.#positions.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#positions[middle]?.offset ?? Infinity) <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * Gathers a part of the log for a cohort.
 *
 * Its members may share it where what they are to see depends on the entry and on what they have in
 * common, selectors and rights to private events. They may not where a namespace looks at the time
 * (`historyMaxAgeMs`), at what came later (`latest`), or keeps something back (`none`), which is
 * said with a gap from each reader's own place.
 */
export function gatherSegment(
  range: LogRange,
  cohort: Cohort<CohortMember>,
  namespaces: NamespaceTable,
): HistorySegment {
  const sent: Frame[] = []
  let bytes = 0
  for (const frame of range.frames) {
    const { entry } = frame
    const topics = entry.topics.filter((topic) => cohort.wantsOn(entry, topic))
    if (topics.length === 0) continue
    if (!topics.every((topic) => isPlain(topic, namespaces))) {
      return new HistorySegment(range, undefined)
    }
    const ofCohort = cohort.bytesOf(frame)
    sent.push({ entry, bytes: ofCohort })
    bytes += ofCohort.length
    if (bytes > MAX_SEGMENT_BYTES) return new HistorySegment(range, undefined)
  }
  return new HistorySegment(range, sent)
}

function isPlain(topic: string, namespaces: NamespaceTable): boolean {
  const { history, historyMaxAgeMs } = namespaces.ofTopic(topic)
  return history === 'all' && historyMaxAgeMs === 0
}
