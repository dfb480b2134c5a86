import { Block } from './block.ts'
import type { Change, Level } from './engine.ts'
import { ALL_TOPIC_ROWS, blockKey, BLOCKS_END, IDS_END, idsKey, offsetOfKey } from './keys.ts'

const SLICE = 1_000

/**
 * Removes every row of what comes after `lastOffset`, and answers how many entries that were.
 *
 * A block is kept or removed as a whole: commits end at its end. Topic rows are looked for
 * everywhere, because a block that cannot be read does not tell its topics, and a row that was
 * left behind would name the wrong entries once its offsets are given again.
 */
export async function cutAfter(level: Level, lastOffset: number): Promise<number> {
  const newest = await newestOffset(level)
  if (newest <= lastOffset) return 0
  const blocks = { gt: blockKey(lastOffset), lt: BLOCKS_END }
  // Rows that point at blocks go first: a second cut after a crash in between finds the blocks.
  await removeRows(level, ALL_TOPIC_ROWS, lastOffset)
  await removeRows(level, { gt: idsKey(lastOffset), lt: IDS_END }, lastOffset)
  await removeRows(level, blocks, lastOffset)
  return newest - lastOffset
}

/** The last offset that a block has, or 0. Also of a block that is damaged. */
async function newestOffset(level: Level): Promise<number> {
  const range = { gte: blockKey(0), lt: BLOCKS_END, reverse: true, limit: 1 }
  for await (const key of level.keys(range)) return offsetOfKey(key)
  return 0
}

interface Range {
  readonly gt?: Buffer
  readonly gte?: Buffer
  readonly lt: Buffer
}

async function removeRows(level: Level, range: Range, lastOffset: number): Promise<void> {
  let changes: Change[] = []
  for await (const key of level.keys(range)) {
    if (offsetOfKey(key) <= lastOffset) continue
    changes.push({ type: 'del', key })
    if (changes.length < SLICE) continue
    await level.batch(changes, { sync: true })
    changes = []
  }
  if (changes.length > 0) await level.batch(changes, { sync: true })
}

/** A block at the end of the log. */
export interface EndBlock {
  /** What its key says. */
  readonly last: number
  /** Undefined when it is damaged. */
  readonly block: Block | undefined
}

/**
 * The newest blocks, oldest first: `bytes` of them, and as many more as it takes for the oldest to
 * be whole. `isAll` when the log has no older ones.
 */
export async function newestBlocks(
  level: Level,
  bytes: number,
): Promise<{ readonly blocks: EndBlock[]; readonly isAll: boolean }> {
  const blocks: EndBlock[] = []
  let read = 0
  for await (const [key, value] of level.iterator({
    gte: blockKey(0),
    lt: BLOCKS_END,
    reverse: true,
  })) {
    const last = offsetOfKey(key)
    const block = Block.decode(value)
    const isWhole = block?.last === last
    blocks.push({ last, block: isWhole ? block : undefined })
    read += value.length
    if (read >= bytes && isWhole) return { blocks: blocks.toReversed(), isAll: false }
  }
  return { blocks: blocks.toReversed(), isAll: true }
}
