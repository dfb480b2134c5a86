import {
  toEntry,
  toWellFormed,
  type AppendResult,
  type Entry,
  type NewEntry,
  type Position,
  type PublishWindow,
} from '@heartline/broker'
import { encodeBlock, type SizedEntry } from './block.ts'
import type { Change } from './engine.ts'
import type { LogHead } from './head.ts'
import { blockKey, idsKey, topicKey } from './keys.ts'
import { encodeIds, encodeOffsets, type IdRow } from './rows.ts'

/**
 * Larger blocks cost less to write, smaller ones less to read when one entry of many matches. The
 * engine itself reads 4 KiB at a time.
 */
const BLOCK_BYTES = 16 * 1024
const BLOCK_ENTRIES = 1_024

/** An entry to append with its size in bytes. */
export interface SizedNewEntry {
  readonly entry: NewEntry
  readonly bytes: number
}

/** Gives positions to entries and makes the rows of one commit. Changes nothing but itself. */
export class CommitPlan {
  readonly entries: Entry[] = []
  readonly ids: IdRow[] = []
  readonly changes: Change[] = []
  readonly #window: PublishWindow
  readonly #idsHere = new Map<string, Position>()
  readonly #ms: number
  #last: Position
  #bytes: number
  #block: SizedEntry[] = []
  #blockBytes = 0

  constructor(head: LogHead, window: PublishWindow, ms: number) {
    this.#window = window
    this.#ms = ms
    this.#last = head.last
    this.#bytes = head.bytes
  }

  /** The newest position, once this is committed. */
  get last(): Position {
    return this.#last
  }

  /** The text bytes of the log, once this is committed. */
  get bytes(): number {
    return this.#bytes
  }

  add({ entry, bytes }: SizedNewEntry): AppendResult {
    const id = entry.publishId === undefined ? undefined : toWellFormed(entry.publishId)
    const first = id === undefined ? undefined : (this.#idsHere.get(id) ?? this.#window.find(id))
    if (first !== undefined) return { position: first, duplicate: true }
    const position = { ms: this.#ms, offset: this.#last.offset + 1 }
    this.#put({ entry: toEntry(entry, position), bytes })
    if (id !== undefined) this.#remember(id, position)
    return { position, duplicate: false }
  }

  /** Ends the last block. Nothing may be added after it. */
  finish(): void {
    this.#endBlock()
  }

  #put(sized: SizedEntry): void {
    const isFull = this.#blockBytes + sized.bytes > BLOCK_BYTES
    if (isFull || this.#block.length === BLOCK_ENTRIES) this.#endBlock()
    this.#block.push(sized)
    this.#blockBytes += sized.bytes
    this.entries.push(sized.entry)
    this.#last = sized.entry.position
  }

  #remember(id: string, position: Position): void {
    this.#idsHere.set(id, position)
    this.ids.push({ id, position })
  }

  #endBlock(): void {
    const block = this.#block
    const first = block[0]?.entry.position.offset
    if (first === undefined) return
    const last = this.#last.offset
    this.#change(blockKey(last), encodeBlock(block, this.#bytes))
    for (const [topic, offsets] of offsetsByTopic(block)) {
      this.#change(topicKey(topic, last), encodeOffsets(offsets, last))
    }
    const ids = this.ids.filter(({ position }) => position.offset >= first)
    if (ids.length > 0) this.#change(idsKey(last), encodeIds(ids))
    this.#bytes += this.#blockBytes
    this.#block = []
    this.#blockBytes = 0
  }

  #change(key: Buffer, value: Buffer): void {
    this.changes.push({ type: 'put', key, value })
  }
}

function offsetsByTopic(block: readonly SizedEntry[]): Map<string, number[]> {
  const byTopic = new Map<string, number[]>()
  for (const { entry } of block) {
    const { offset } = entry.position
    for (const topic of entry.topics) {
      const offsets = byTopic.get(topic)
      if (offsets === undefined) byTopic.set(topic, [offset])
      // An entry may name a topic twice.
      else if (offsets.at(-1) !== offset) offsets.push(offset)
    }
  }
  return byTopic
}
