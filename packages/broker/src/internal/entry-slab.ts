import type { Entry } from '../broker.ts'

const CHUNK_BYTES = 256 * 1024
const HAS_TYPE = 1
const HAS_KEY = 2
const IS_PRIVATE = 4
const HAS_RETRY = 8
const HAS_PUBLISH_ID = 16
/** Flags, time, retry and the count of topics. */
const FIXED_BYTES = 1 + 8 + 8 + 4
const LENGTH_BYTES = 4

/** Where an entry is. */
export interface SlabPlace {
  readonly chunk: Buffer
  readonly at: number
}

/**
 * Entries as bytes outside of the JavaScript heap.
 *
 * A retained string lives long enough to become "old" for the garbage collector, which then lets
 * it lie long after it was trimmed: the process grows by several times what is kept. Chunks are
 * plain memory that goes from the oldest entry to the newest and is used again.
 */
export class EntrySlab {
  #chunk: Buffer = Buffer.alloc(0)
  #at = 0
  readonly #live: { readonly chunk: Buffer; entries: number }[] = []
  #free: Buffer | undefined

  /** Stores an entry. `bytes` is the size of its texts. */
  add(entry: Entry, bytes: number): SlabPlace {
    const size = FIXED_BYTES + bytes + (entry.topics.length + 4) * LENGTH_BYTES
    if (this.#at + size > this.#chunk.length) this.#nextChunk(size)
    const newest = this.#live.at(-1)
    if (newest !== undefined) newest.entries++
    const place = { chunk: this.#chunk, at: this.#at }
    this.#at = new SlabWriter(this.#chunk, this.#at).entry(entry)
    return place
  }

  /** Forgets the oldest entry. */
  removeOldest(): void {
    const oldest = this.#live[0]
    if (oldest === undefined) return
    oldest.entries--
    if (oldest.entries > 0 || oldest.chunk === this.#chunk) return
    this.#live.shift()
    if (oldest.chunk.length === CHUNK_BYTES) this.#free = oldest.chunk
  }

  clear(): void {
    this.#live.length = 0
    this.#chunk = Buffer.alloc(0)
    this.#free = undefined
    this.#at = 0
  }

  #nextChunk(size: number): void {
    const isUsual = size <= CHUNK_BYTES
    const chunk = isUsual ? (this.#free ?? Buffer.allocUnsafeSlow(CHUNK_BYTES)) : undefined
    if (chunk === this.#free) this.#free = undefined
    // The chunk before may have been emptied while it was the newest.
    if (this.#live[0]?.entries === 0) this.#live.shift()
    this.#chunk = chunk ?? Buffer.allocUnsafeSlow(size)
    this.#live.push({ chunk: this.#chunk, entries: 0 })
    this.#at = 0
  }
}

class SlabWriter {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Answers where the entry ends. */
  entry({
    position,
    topics,
    data,
    type,
    key,
    private: isPrivate,
    retry,
    publishId,
  }: Entry): number {
    const flags =
      (type === undefined ? 0 : HAS_TYPE) |
      (key === undefined ? 0 : HAS_KEY) |
      (isPrivate === true ? IS_PRIVATE : 0) |
      (retry === undefined ? 0 : HAS_RETRY) |
      (publishId === undefined ? 0 : HAS_PUBLISH_ID)
    this.#at = this.#bytes.writeUInt8(flags, this.#at)
    this.#at = this.#bytes.writeDoubleLE(position.ms, this.#at)
    this.#at = this.#bytes.writeDoubleLE(retry ?? 0, this.#at)
    this.#at = this.#bytes.writeUInt32LE(topics.length, this.#at)
    for (const topic of topics) this.#text(topic)
    this.#text(data)
    if (type !== undefined) this.#text(type)
    if (key !== undefined) this.#text(key)
    if (publishId !== undefined) this.#text(publishId)
    return this.#at
  }

  #text(text: string): void {
    const bytes = this.#bytes.write(text, this.#at + LENGTH_BYTES)
    this.#bytes.writeUInt32LE(bytes, this.#at)
    this.#at += LENGTH_BYTES + bytes
  }
}

/** The time of a stored entry. */
export function msAt({ chunk, at }: SlabPlace): number {
  return chunk.readDoubleLE(at + 1)
}

/** The topics of a stored entry. */
export function topicsAt(place: SlabPlace): string[] {
  return new SlabReader(place).topics()
}

/** A stored entry. Its chunk must not have been removed. */
export function entryAt(place: SlabPlace, offset: number): Entry {
  const flags = place.chunk.readUInt8(place.at)
  const reader = new SlabReader(place)
  return {
    position: { ms: msAt(place), offset },
    topics: reader.topics(),
    data: reader.text(),
    type: flags & HAS_TYPE ? reader.text() : undefined,
    key: flags & HAS_KEY ? reader.text() : undefined,
    private: flags & IS_PRIVATE ? true : undefined,
    retry: flags & HAS_RETRY ? place.chunk.readDoubleLE(place.at + 9) : undefined,
    publishId: flags & HAS_PUBLISH_ID ? reader.text() : undefined,
  }
}

class SlabReader {
  readonly #bytes: Buffer
  #at: number

  constructor({ chunk, at }: SlabPlace) {
    this.#bytes = chunk
    this.#at = at + FIXED_BYTES - 4
  }

  topics(): string[] {
    const count = this.#bytes.readUInt32LE(this.#at)
    this.#at += 4
    return Array.from({ length: count }, () => this.text())
  }

  text(): string {
    const start = this.#at + LENGTH_BYTES
    this.#at = start + this.#bytes.readUInt32LE(this.#at)
    return this.#bytes.toString('utf8', start, this.#at)
  }
}
