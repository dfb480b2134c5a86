import type { Position, PublishWindow } from '@heartline/broker'
import { Block } from './block.ts'
import type { Change, Engine } from './engine.ts'
import type { LogHead } from './head.ts'
import { blockKey, BLOCKS_END, idsKey, offsetOfKey, topicKey } from './keys.ts'
import type { ResolvedDiskBrokerOptions } from './options.ts'
import { encodeBase } from './rows.ts'
import { BASE_KEY } from './store.ts'
import type { Writer } from './writer.ts'

/** Blocks that one slice looks at: about a millisecond of work on the main thread. */
const SLICE_BLOCKS = 16
/** Rows of publish ids that are removed together. */
const SLICE_IDS = 1_000

export interface TrimmerParts {
  readonly engine: Engine
  readonly head: LogHead
  readonly ids: PublishWindow
  readonly writer: Writer
}

/**
 * Retention, in the background and in slices.
 *
 * First the base moves, as a durable row of its own; only when everybody sees it are rows removed.
 * So a read that ends with the base still behind it has missed nothing. Removed rows are as many
 * small changes as fit into the writer's commits: nobody waits for them.
 */
export class Trimmer {
  readonly #options: ResolvedDiskBrokerOptions
  readonly #parts: TrimmerParts
  #running: Promise<void> | undefined
  #stopped = false
  #hasLeftovers = true
  /** The oldest kept entry, when it is known. */
  #oldest: Position | undefined
  #idsRemoved = 0

  constructor(options: ResolvedDiskBrokerOptions, parts: TrimmerParts) {
    this.#options = options
    this.#parts = parts
  }

  /** Looks whether something is to be removed. Cheap: called after every commit. */
  poke(): void {
    if (this.#stopped || this.#running !== undefined || !this.#hasWork()) return
    this.#running = this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Resolves when the slice under way is done. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      if (this.#hasLeftovers) await this.#removeLeftovers()
      // In turns: under a steady load each of the two always has work.
      while (!this.#stopped && this.#hasWork()) {
        const hasMoved = this.#isDue() && (await this.#trimSlice())
        if (this.#oldIds()) await this.#removeIds()
        else if (!hasMoved) break
      }
    } catch {
      // A store that cannot be written or read now: the next commit that succeeds pokes again.
    }
  }

  #hasWork(): boolean {
    return this.#hasLeftovers || this.#isDue() || this.#oldIds()
  }

  #isDue(): boolean {
    const { head } = this.#parts
    if (head.entries === 0) return false
    const oldest = this.#oldest?.offset === head.base.offset + 1 ? this.#oldest.ms : undefined
    const { maxAgeMs } = this.#options
    const isOld = maxAgeMs > 0 && (oldest === undefined || this.#isOld(oldest))
    return isOld || this.#isTooMuch(head.entries, head.bytes - head.baseBytes)
  }

  #isTooMuch(entries: number, bytes: number): boolean {
    const { maxEntries, maxBytes } = this.#options
    return entries > 1 && (entries > maxEntries || bytes > maxBytes)
  }

  #isOld(ms: number): boolean {
    const { maxAgeMs } = this.#options
    return maxAgeMs > 0 && this.#parts.writer.nowMs() - ms > maxAgeMs
  }

  /** Answers whether the base moved. */
  async #trimSlice(): Promise<boolean> {
    const { head } = this.#parts
    const blocks = await this.#blocks(blockKey(head.base.offset), BLOCKS_END)
    const before = head.base.offset
    const base = this.#newBase(blocks)
    if (base.position.offset === before) return false
    const row: Change = { type: 'put', key: BASE_KEY, value: encodeBase(base) }
    await this.#parts.writer.maintain([row], () => {
      head.base = base.position
      head.baseBytes = base.bytesBefore
    })
    const entries = base.position.offset - before
    this.#options.onReport({ type: 'trimmed', base: base.position, entries })
    await this.#remove(blocks.filter(({ last }) => last <= base.position.offset))
    return true
  }

  #newBase(blocks: readonly Block[]): { position: Position; bytesBefore: number } {
    const { head } = this.#parts
    let position = head.base
    let bytesBefore = head.baseBytes
    for (const block of blocks) {
      // After a damaged block there is a hole, which goes with the entries before it.
      if (block.first > position.offset + 1) bytesBefore = block.bytesBefore
      const first = Math.max(block.first, position.offset + 1)
      for (let offset = first; offset <= block.last; offset++) {
        const oldest = { ms: block.msAt(offset), offset }
        const entries = head.last.offset - position.offset
        const isKept =
          !this.#isOld(oldest.ms) && !this.#isTooMuch(entries, head.bytes - bytesBefore)
        this.#oldest = oldest
        if (isKept || offset > head.last.offset) return { position, bytesBefore }
        position = oldest
        bytesBefore += block.bytesAt(offset)
      }
    }
    return { position, bytesBefore }
  }

  /** What a process that died between the two steps left behind. */
  async #removeLeftovers(): Promise<void> {
    const end = blockKey(this.#parts.head.base.offset + 1)
    let from = blockKey(0)
    while (!this.#stopped) {
      const blocks = await this.#blocks(from, end)
      const last = blocks.at(-1)?.last
      if (last === undefined) break
      await this.#remove(blocks)
      from = blockKey(last)
    }
    this.#hasLeftovers = this.#stopped
  }

  /** A damaged block cannot tell its topics: its rows stay and are passed over by every read. */
  #blocks(after: Buffer, end: Buffer): Promise<Block[]> {
    return this.#parts.engine.read(async (level) => {
      const range = { gt: after, lt: end, limit: SLICE_BLOCKS, fillCache: false }
      const rows = await level.values(range).all()
      return rows.flatMap((row) => Block.decode(row) ?? [])
    })
  }

  async #remove(blocks: readonly Block[]): Promise<void> {
    const changes: Change[] = []
    for (const block of blocks) {
      changes.push({ type: 'del', key: blockKey(block.last) })
      for (const topic of topicsOf(block)) {
        changes.push({ type: 'del', key: topicKey(topic, block.last) })
      }
    }
    if (changes.length > 0) await this.#parts.writer.maintain(changes)
  }

  #oldIds(): boolean {
    return this.#oldestIdOffset() - this.#idsRemoved > SLICE_IDS
  }

  #oldestIdOffset(): number {
    return this.#parts.ids.oldest?.offset ?? this.#parts.head.last.offset + 1
  }

  async #removeIds(): Promise<void> {
    const end = this.#oldestIdOffset()
    const range = { gte: idsKey(this.#idsRemoved), lt: idsKey(end), limit: SLICE_IDS }
    const keys = await this.#parts.engine.read((level) => level.keys(range).all())
    if (keys.length > 0) {
      await this.#parts.writer.maintain(keys.map((key) => ({ type: 'del', key })))
    }
    const last = keys.at(-1)
    this.#idsRemoved = keys.length < SLICE_IDS || last === undefined ? end : offsetOfKey(last)
  }
}

function topicsOf(block: Block): Set<string> {
  const topics = new Set<string>()
  for (let offset = block.first; offset <= block.last; offset++) {
    for (const topic of block.topicsAt(offset)) topics.add(topic)
  }
  return topics
}
