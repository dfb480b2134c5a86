import type { Entry, Located, LogState, Position, ReadPage, ReadRequest } from '../broker.ts'
import { entryBytes } from '../entry.ts'
import { Deque } from './deque.ts'
import { entryAt, EntrySlab, msAt, topicsAt, type SlabPlace } from './entry-slab.ts'
import { TopicIndex } from './topic-index.ts'

interface Kept extends SlabPlace {
  readonly bytes: number
}

/** What is kept. The newest entry always stays, except for its age. */
export interface Retention {
  readonly maxEntries: number
  /** 0 = without end. */
  readonly maxAgeMs: number
  /** UTF-8 bytes of text. */
  readonly maxBytes: number
}

const START: Position = { ms: 0, offset: 0 }

/**
 * The retained entries with their index. Knows nothing of waiting, tails or publish ids. Also what
 * a broker of a remote log keeps of its newest entries.
 */
export class MemoryLog {
  readonly #epoch: string
  readonly #retention: Retention
  readonly #kept = new Deque<Kept>()
  readonly #slab = new EntrySlab()
  readonly #index = new TopicIndex()
  #bytes = 0
  #base: Position = START
  #last: Position = START

  /** The first entry comes after `start`. Default: the beginning of a log. */
  constructor(epoch: string, retention: Retention, start: Position = START) {
    this.#epoch = epoch
    this.#retention = retention
    this.#base = start
    this.#last = start
  }

  get state(): LogState {
    return { epoch: this.#epoch, base: this.#base, last: this.#last }
  }

  get last(): Position {
    return this.#last
  }

  get base(): Position {
    return this.#base
  }

  /** Adds the entry that comes after `last`. */
  push(entry: Entry): void {
    const bytes = entryBytes(entry)
    const { chunk, at } = this.#slab.add(entry, bytes)
    this.#kept.push({ chunk, at, bytes })
    this.#index.add(entry.topics, entry.position.offset)
    this.#bytes += bytes
    this.#last = entry.position
  }

  /** Removes what retention does not keep at `nowMs`. */
  trim(nowMs: number): void {
    const { maxEntries, maxAgeMs, maxBytes } = this.#retention
    while (this.#kept.length > 1 && (this.#kept.length > maxEntries || this.#bytes > maxBytes)) {
      this.#removeOldest()
    }
    if (maxAgeMs === 0) return
    for (let oldest = this.#kept.at(0); oldest !== undefined; oldest = this.#kept.at(0)) {
      if (nowMs - msAt(oldest) <= maxAgeMs) return
      this.#removeOldest()
    }
  }

  /** The caller has checked that `after` is not below the base. */
  read(request: ReadRequest): ReadPage {
    const after = Math.max(0, request.after)
    const until = Math.min(request.until ?? this.#last.offset, this.#last.offset)
    const maxEntries = Math.max(1, request.maxEntries ?? 500)
    const maxBytes = request.maxBytes ?? 1024 * 1024
    const entries: Entry[] = []
    let bytes = 0
    for (const offset of this.#offsets(request.topics, after, until)) {
      if (entries.length === maxEntries || bytes > maxBytes) {
        return { entries, through: entries.at(-1)?.position.offset ?? after, done: false }
      }
      const kept = this.#at(offset)
      if (kept === undefined) break
      entries.push(entryAt(kept, offset))
      bytes += kept.bytes
    }
    return { entries, through: Math.max(after, until), done: true }
  }

  /** What a position means here; `expired` is what was removed or came before the start. */
  locate(position: Position): Located {
    const { offset, ms } = position
    if (offset < this.#base.offset) return { status: 'expired', resume: this.#base }
    const held = offset === this.#base.offset ? this.#base : this.#positionAt(offset)
    if (held !== undefined && held.ms === ms) return { status: 'ok', resume: held }
    return { status: 'diverged', resume: this.#newestAt(ms) }
  }

  /** Gives the memory back. */
  clear(): void {
    this.#kept.clear()
    this.#slab.clear()
    this.#index.clear()
  }

  #at(offset: number): Kept | undefined {
    return this.#kept.at(offset - this.#base.offset - 1)
  }

  #positionAt(offset: number): Position | undefined {
    const kept = this.#at(offset)
    return kept === undefined ? undefined : { ms: msAt(kept), offset }
  }

  *#offsets(
    topics: readonly string[] | undefined,
    after: number,
    until: number,
  ): Generator<number> {
    if (topics !== undefined) return yield* this.#index.offsets(topics, after, until)
    for (let offset = after + 1; offset <= until; offset++) yield offset
  }

  /** The newest position that is not younger than `ms`, else the base. */
  #newestAt(ms: number): Position {
    let low = 0
    let high = this.#kept.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const kept = this.#kept.at(middle)
      if (kept !== undefined && msAt(kept) <= ms) low = middle + 1
      else high = middle
    }
    return this.#positionAt(this.#base.offset + low) ?? this.#base
  }

  #removeOldest(): void {
    const oldest = this.#kept.shift()
    if (oldest === undefined) return
    this.#base = { ms: msAt(oldest), offset: this.#base.offset + 1 }
    this.#bytes -= oldest.bytes
    this.#index.removeOldest(topicsAt(oldest), this.#base.offset)
    this.#slab.removeOldest()
  }
}
