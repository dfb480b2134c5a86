import type { Position } from '@heartline/broker'
import type { Frame } from './frame.ts'

/** Rough cost of a frame's objects beside its bytes and its text. */
const FRAME_OVERHEAD_BYTES = 200
const COMPACT_AFTER = 1_024

/**
 * The newest frames of the log, kept encoded. Readers that come back after a short absence are
 * served from here: without a read of the broker and without encoding again.
 */
export class RecentWindow {
  readonly #maxBytes: number
  /** Dropped frames leave `undefined` until enough of them make one copy worth it. */
  #frames: (Frame | undefined)[] = []
  #dead = 0
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  add(frame: Frame): void {
    this.#frames.push(frame)
    this.#bytes += costOf(frame)
    while (this.#bytes > this.#maxBytes) this.#dropOldest()
  }

  /** Everything after this offset is here. Infinity when there is nothing. */
  get after(): number {
    const first = this.#frames[this.#dead]
    return first === undefined ? Number.POSITIVE_INFINITY : first.entry.position.offset - 1
  }

  /** Whether exactly this entry is here. */
  has({ offset, ms }: Position): boolean {
    const first = this.#frames[this.#dead]
    if (first === undefined) return false
    const frame = this.#frames[this.#dead + offset - first.entry.position.offset]
    return frame !== undefined && frame.entry.position.ms === ms
  }

  /** Frames with offsets in `(after, until]`, at most `maxFrames`, or undefined when `after` is too old. */
  read(after: number, until: number, maxFrames: number): readonly Frame[] | undefined {
    const first = this.#frames[this.#dead]
    if (first === undefined || after + 1 < first.entry.position.offset) return undefined
    const start = this.#dead + (after + 1 - first.entry.position.offset)
    const count = Math.min(maxFrames, until - after)
    return this.#frames.slice(start, start + count) as Frame[]
  }

  clear(): void {
    this.#frames = []
    this.#dead = 0
    this.#bytes = 0
  }

  #dropOldest(): void {
    const frame = this.#frames[this.#dead]
    if (frame === undefined) return
    this.#bytes -= costOf(frame)
    this.#frames[this.#dead] = undefined
    this.#dead++
    if (this.#dead < COMPACT_AFTER) return
    this.#frames = this.#frames.slice(this.#dead)
    this.#dead = 0
  }
}

/** A frame holds its event twice: as it stands on the wire and as text. */
function costOf({ bytes, entry }: Frame): number {
  return bytes.length + entry.data.length + FRAME_OVERHEAD_BYTES
}
