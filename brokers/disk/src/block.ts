import { crc32 } from 'node:zlib'
import type { Entry } from '@heartline/broker'
import { readOffset, writeOffset } from './keys.ts'

/**
 * Entries are stored in blocks: one row of the engine for many entries costs a fraction of a row
 * each, and one checksum covers them.
 *
 *     crc32 (4) | first offset (8) | count (4) | text bytes of the log before it (8)
 *     per entry: length (4) | flags (1) | ms (8) | text bytes (4) | [retry (8)] | topic count (4)
 *                then texts as length (4) + UTF-8: topics, data, [type], [key], [publish id]
 */
const HEADER_BYTES = 24
const ENTRY_BYTES = 4 + 1 + 8 + 4 + 8 + 4
const TEXT_BYTES = 4

const HAS_TYPE = 1
const HAS_KEY = 2
const IS_PRIVATE = 4
const HAS_RETRY = 8
const HAS_PUBLISH_ID = 16

/** An entry with the size that retention counts. */
export interface SizedEntry {
  readonly entry: Entry
  readonly bytes: number
}

/** Encodes entries of contiguous offsets. `bytesBefore` is the text of the log before them. */
export function encodeBlock(entries: readonly SizedEntry[], bytesBefore: number): Buffer {
  const writer = new BlockWriter(upperBound(entries))
  writer.offset(entries[0]?.entry.position.offset ?? 0)
  writer.uint32(entries.length)
  writer.double(bytesBefore)
  for (const { entry, bytes } of entries) writeEntry(writer, entry, bytes)
  return writer.finish()
}

function upperBound(entries: readonly SizedEntry[]): number {
  let bytes = HEADER_BYTES
  for (const { entry, bytes: text } of entries) {
    bytes += ENTRY_BYTES + text + (entry.topics.length + 4) * TEXT_BYTES
  }
  return bytes
}

function writeEntry(writer: BlockWriter, entry: Entry, bytes: number): void {
  const start = writer.beginEntry()
  writer.uint8(flagsOf(entry))
  writer.double(entry.position.ms)
  writer.uint32(bytes)
  if (entry.retry !== undefined) writer.double(entry.retry)
  writer.uint32(entry.topics.length)
  for (const topic of entry.topics) writer.text(topic)
  writer.text(entry.data)
  if (entry.type !== undefined) writer.text(entry.type)
  if (entry.key !== undefined) writer.text(entry.key)
  if (entry.publishId !== undefined) writer.text(entry.publishId)
  writer.endEntry(start)
}

function flagsOf(entry: Entry): number {
  return (
    (entry.type === undefined ? 0 : HAS_TYPE) |
    (entry.key === undefined ? 0 : HAS_KEY) |
    (entry.private === true ? IS_PRIVATE : 0) |
    (entry.retry === undefined ? 0 : HAS_RETRY) |
    (entry.publishId === undefined ? 0 : HAS_PUBLISH_ID)
  )
}

class BlockWriter {
  readonly #bytes: Buffer
  #at = 4

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity)
  }

  uint8(value: number): void {
    this.#at = this.#bytes.writeUInt8(value, this.#at)
  }

  uint32(value: number): void {
    this.#at = this.#bytes.writeUInt32BE(value, this.#at)
  }

  double(value: number): void {
    this.#at = this.#bytes.writeDoubleBE(value, this.#at)
  }

  offset(value: number): void {
    writeOffset(this.#bytes, value, this.#at)
    this.#at += 8
  }

  text(value: string): void {
    const bytes = this.#bytes.write(value, this.#at + TEXT_BYTES)
    this.#bytes.writeUInt32BE(bytes, this.#at)
    this.#at += TEXT_BYTES + bytes
  }

  beginEntry(): number {
    this.#at += 4
    return this.#at
  }

  endEntry(start: number): void {
    this.#bytes.writeUInt32BE(this.#at - start, start - 4)
  }

  finish(): Buffer {
    const block = this.#bytes.subarray(0, this.#at)
    block.writeUInt32BE(crc32(block.subarray(4)), 0)
    return block
  }
}

/** A stored block. Entries are decoded only when asked for. */
export class Block {
  readonly first: number
  readonly count: number
  /** Text bytes of all entries of the log before this block. */
  readonly bytesBefore: number
  readonly #bytes: Buffer
  readonly #starts: number[] = []

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.first = readOffset(bytes, 4)
    this.count = bytes.readUInt32BE(12)
    this.bytesBefore = bytes.readDoubleBE(16)
    let at = HEADER_BYTES
    for (let index = 0; index < this.count; index++) {
      this.#starts.push(at + 4)
      at += 4 + bytes.readUInt32BE(at)
    }
  }

  /** Undefined when the checksum does not hold. */
  static decode(bytes: Buffer): Block | undefined {
    if (bytes.length < HEADER_BYTES) return undefined
    if (crc32(bytes.subarray(4)) !== bytes.readUInt32BE(0)) return undefined
    return new Block(bytes)
  }

  get last(): number {
    return this.first + this.count - 1
  }

  /** The time of the entry at this offset. */
  msAt(offset: number): number {
    return this.#bytes.readDoubleBE(this.#start(offset) + 1)
  }

  /** The text bytes of the entry at this offset. */
  bytesAt(offset: number): number {
    return this.#bytes.readUInt32BE(this.#start(offset) + 9)
  }

  /** The topics of the entry at this offset. */
  topicsAt(offset: number): string[] {
    const { topics } = this.#topics(this.#start(offset))
    return topics
  }

  entryAt(offset: number): Entry {
    const bytes = this.#bytes
    const start = this.#start(offset)
    const flags = bytes.readUInt8(start)
    const { topics, end } = this.#topics(start)
    const reader = new TextReader(bytes, end)
    return {
      position: { ms: bytes.readDoubleBE(start + 1), offset },
      topics,
      data: reader.next(),
      type: flags & HAS_TYPE ? reader.next() : undefined,
      key: flags & HAS_KEY ? reader.next() : undefined,
      private: flags & IS_PRIVATE ? true : undefined,
      retry: flags & HAS_RETRY ? bytes.readDoubleBE(start + 13) : undefined,
      publishId: flags & HAS_PUBLISH_ID ? reader.next() : undefined,
    }
  }

  #start(offset: number): number {
    return this.#starts[offset - this.first] ?? HEADER_BYTES
  }

  #topics(start: number): { topics: string[]; end: number } {
    const at = start + 13 + (this.#bytes.readUInt8(start) & HAS_RETRY ? 8 : 0)
    const count = this.#bytes.readUInt32BE(at)
    const reader = new TextReader(this.#bytes, at + 4)
    const topics: string[] = []
    for (let index = 0; index < count; index++) topics.push(reader.next())
    return { topics, end: reader.at }
  }
}

class TextReader {
  readonly #bytes: Buffer
  at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  next(): string {
    const start = this.at + TEXT_BYTES
    this.at = start + this.#bytes.readUInt32BE(this.at)
    return this.#bytes.toString('utf8', start, this.at)
  }
}
