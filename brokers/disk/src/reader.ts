import {
  brokerErrors,
  type Located,
  type Position,
  type ReadPage,
  type ReadRequest,
} from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import { Block } from './block.ts'
import { messageOf, type Engine, type Level } from './engine.ts'
import type { LogHead } from './head.ts'
import { blockKey, BLOCKS_END } from './keys.ts'
import { PageBuilder } from './page-builder.ts'
import { TopicMerge } from './topic-merge.ts'

/** Rows that one call to the engine may bring. */
const ROWS = 64
const CHUNK_BYTES = 256 * 1024

/** Reads what is committed. The engine's work runs off the main thread. */
export class Reader {
  readonly #engine: Engine
  readonly #head: LogHead

  constructor(engine: Engine, head: LogHead) {
    this.#engine = engine
    this.#head = head
  }

  async read(request: ReadRequest): Promise<ReadPage> {
    const after = Math.max(0, request.after)
    const until = Math.min(request.until ?? Infinity, this.#head.last.offset)
    this.#requireKept(after)
    const page = new PageBuilder(request, after, until)
    if (page.isDone) return page.finish()
    try {
      await this.#engine.read((level) => readInto(page, level, request.topics))
    } catch (error) {
      // Retention removes rows only after the base has passed them.
      this.#requireKept(after)
      throw unavailable(error)
    }
    this.#requireKept(after)
    return page.finish()
  }

  async locate(position: Position): Promise<Located> {
    const { base } = this.#head
    if (position.offset < base.offset) return { status: 'expired', resume: base }
    const held = await this.#positionAt(position.offset)
    if (held !== undefined && held.ms === position.ms) return { status: 'ok', resume: held }
    // Retention may have passed the position meanwhile.
    if (position.offset < this.#head.base.offset) return this.locate(position)
    return { status: 'diverged', resume: await this.#newestAt(position.ms) }
  }

  /** The newest position that is not younger than `ms`, else the base. */
  async #newestAt(ms: number): Promise<Position> {
    let low = this.#head.base.offset + 1
    let high = this.#head.last.offset + 1
    let newest: Position | undefined
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const position = await this.#positionAt(middle)
      if (position === undefined || position.ms <= ms) {
        newest = position ?? newest
        low = middle + 1
      } else {
        high = middle
      }
    }
    const { base } = this.#head
    return newest === undefined || newest.offset < base.offset ? base : newest
  }

  /** Undefined when the log does not hold this offset (any more). */
  async #positionAt(offset: number): Promise<Position | undefined> {
    const { base, last } = this.#head
    if (offset === base.offset) return base
    if (offset < base.offset || offset > last.offset || !Number.isInteger(offset)) return undefined
    try {
      const block = await this.#engine.read((level) => blockOf(level, offset))
      return { ms: block.msAt(offset), offset }
    } catch (error) {
      if (offset === this.#head.base.offset) return this.#head.base
      if (offset < this.#head.base.offset) return undefined
      throw unavailable(error)
    }
  }

  #requireKept(after: number): void {
    const { base } = this.#head
    if (after >= base.offset) return
    throw new HeartlineError(brokerErrors.expired, { after, base: base.offset })
  }
}

async function readInto(
  page: PageBuilder,
  level: Level,
  topics: readonly string[] | undefined,
): Promise<void> {
  if (topics === undefined) await readRange(page, level)
  else await readTopics(page, level, topics)
}

async function readRange(page: PageBuilder, level: Level): Promise<void> {
  const range = { gt: blockKey(page.after), lt: BLOCKS_END, highWaterMarkBytes: CHUNK_BYTES }
  const blocks = level.values(range)
  try {
    while (!page.isDone) {
      const rows = await blocks.nextv(ROWS)
      if (rows.length === 0) throw damaged(`nothing follows offset ${page.through}`)
      for (const row of rows) {
        const block = decode(row)
        // An entry that is missing would be skipped in silence.
        if (block.first > page.through + 1) throw damaged(`a hole after offset ${page.through}`)
        page.addAll(block)
        if (page.isDone) break
      }
    }
  } finally {
    await blocks.close()
  }
}

async function readTopics(
  page: PageBuilder,
  level: Level,
  topics: readonly string[],
): Promise<void> {
  const merge = new TopicMerge(level, topics, page.after)
  try {
    while (!page.isDone) {
      const found = await merge.next(page.room, page.until)
      if (found.length === 0) return page.reachEnd()
      const rows = await level.getMany(found.map(({ last }) => blockKey(last)))
      for (const [at, { last, offsets }] of found.entries()) {
        const row = rows[at]
        if (row === undefined) throw damaged(`the block of offset ${last} is missing`)
        page.addSome(decode(row), offsets)
      }
    }
  } finally {
    await merge.close()
  }
}

async function blockOf(level: Level, offset: number): Promise<Block> {
  const range = { gte: blockKey(offset), lt: BLOCKS_END, limit: 1 }
  for await (const row of level.values(range)) {
    const block = decode(row)
    if (block.first <= offset) return block
  }
  throw damaged(`the block of offset ${offset} is missing`)
}

function decode(row: Buffer): Block {
  const block = Block.decode(row)
  if (block === undefined) throw damaged('a checksum does not hold')
  return block
}

function damaged(reason: string): HeartlineError {
  return new HeartlineError(brokerErrors.unavailable, { reason: `the store is damaged: ${reason}` })
}

function unavailable(error: unknown): HeartlineError {
  if (error instanceof HeartlineError) return error
  return new HeartlineError(brokerErrors.unavailable, { reason: messageOf(error) }, error)
}
