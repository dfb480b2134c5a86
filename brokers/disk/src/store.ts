import {
  brokerErrors,
  PublishWindow,
  randomEpoch,
  type Position,
  type RecoveryReport,
} from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import type { Block } from './block.ts'
import { cutAfter, newestBlocks } from './cut.ts'
import { prepareDirectory } from './directory.ts'
import {
  Engine,
  isDiskFull,
  messageOf,
  WRITE_BUFFER_BYTES,
  type Change,
  type Level,
} from './engine.ts'
import { inspectLog } from './engine-log.ts'
import { diskErrors } from './errors.ts'
import { LogHead } from './head.ts'
import { idsKey, IDS_END, metaKey } from './keys.ts'
import type { ResolvedDiskBrokerOptions } from './options.ts'
import { decodeBase, decodeIds, type BaseRow } from './rows.ts'

/** The version of the rows. A store of another version is refused. */
const FORMAT = '1'

/** The rows that say something about the store as a whole. */
const META = {
  format: metaKey('format'),
  epoch: metaKey('epoch'),
  base: metaKey('base'),
  clean: metaKey('clean'),
}

/** Where the base is stored. */
export const BASE_KEY: Buffer = META.base

/** The row that a close in good order leaves behind. */
export const CLEAN_ROW: Change = { type: 'put', key: META.clean, value: Buffer.of(1) }

/** A store that was opened, checked and mended. */
export interface Store {
  readonly engine: Engine
  readonly head: LogHead
  readonly ids: PublishWindow
  readonly recovery: RecoveryReport
}

/** Opens or makes the store. Rejects with `HL_STORE_*` and `HL_STORAGE_FULL`. */
export async function openStore(options: ResolvedDiskBrokerOptions): Promise<Store> {
  const { directory } = options
  await prepareDirectory(directory)
  // The engine tidies its log when it opens: look before.
  const { tornBytes } = await inspectLog(directory)
  const engine = await Engine.open(directory)
  try {
    return await engine.read((level) => readStore(level, engine, { ...options, tornBytes }))
  } catch (error) {
    await engine.close()
    if (error instanceof HeartlineError) throw error
    if (isDiskFull(error)) throw new HeartlineError(brokerErrors.storageFull, { directory }, error)
    throw new HeartlineError(diskErrors.corrupt, { directory, reason: messageOf(error) }, error)
  }
}

async function readStore(
  level: Level,
  engine: Engine,
  options: ResolvedDiskBrokerOptions & { readonly tornBytes: number },
): Promise<Store> {
  const epoch = await readEpoch(level, options.directory)
  const clean = (await level.get(META.clean)) !== undefined
  const base = await readBase(level)
  const end = await verifiedEnd(level, base)
  const entriesCut = await cutAfter(level, end.last.offset)
  const state = { epoch, base: base.position, last: end.last }
  const head = new LogHead(state, base.bytesBefore, end.bytes)
  const ids = await readIds(level, head, options)
  await level.batch([{ type: 'del', key: META.clean }], { sync: true })
  const isClean = clean || (await isNew(level, head))
  const recovery = { clean: isClean, tornBytes: options.tornBytes, entriesCut, last: head.last }
  return { engine, head, ids, recovery }
}

async function isNew(level: Level, head: LogHead): Promise<boolean> {
  return head.last.offset === 0 && (await level.get(META.base)) === undefined
}

/** The epoch of the store; a new store gets one, with its format, for good. */
async function readEpoch(level: Level, directory: string): Promise<string> {
  const format = (await level.get(META.format))?.toString()
  const epoch = (await level.get(META.epoch))?.toString()
  if (format === undefined) return createEpoch(level, directory)
  if (format !== FORMAT) {
    throw new HeartlineError(diskErrors.unknownFormat, { directory, found: format, known: FORMAT })
  }
  if (epoch !== undefined) return epoch
  throw new HeartlineError(diskErrors.corrupt, { directory, reason: 'its epoch is missing' })
}

async function createEpoch(level: Level, directory: string): Promise<string> {
  for await (const _key of level.keys({ limit: 1 })) {
    throw new HeartlineError(diskErrors.unknownFormat, { directory, found: 'none', known: FORMAT })
  }
  const epoch = randomEpoch()
  const rows: Change[] = [
    { type: 'put', key: META.format, value: Buffer.from(FORMAT) },
    { type: 'put', key: META.epoch, value: Buffer.from(epoch) },
  ]
  await level.batch(rows, { sync: true })
  return epoch
}

async function readBase(level: Level): Promise<BaseRow> {
  const row = await level.get(META.base)
  return row === undefined ? { position: { ms: 0, offset: 0 }, bytesBefore: 0 } : decodeBase(row)
}

interface End {
  readonly last: Position
  readonly bytes: number
}

/**
 * The end of what is whole. What the engine may have lost is in its last two logs, so that much is
 * read again: each block must hold its checksum and continue the one before.
 */
async function verifiedEnd(level: Level, base: BaseRow): Promise<End> {
  const { blocks, isAll } = await newestBlocks(level, 3 * WRITE_BUFFER_BYTES)
  let end: End = { last: base.position, bytes: base.bytesBefore }
  // The base may be inside the first block: retention has yet to remove its rows.
  let next = isAll ? base.position.offset + 1 : undefined
  for (const { last, block } of blocks) {
    if (last <= base.position.offset) continue
    if (block === undefined || (next !== undefined && !continues(block, next, base))) return end
    next = last + 1
    end = endOf(block)
  }
  return end
}

function continues(block: Block, next: number, base: BaseRow): boolean {
  return block.first === next || (next === base.position.offset + 1 && block.first < next)
}

function endOf(block: Block): End {
  const { first, last } = block
  let bytes = block.bytesBefore
  for (let offset = first; offset <= last; offset++) bytes += block.bytesAt(offset)
  return { last: { ms: block.msAt(last), offset: last }, bytes }
}

async function readIds(
  level: Level,
  head: LogHead,
  options: ResolvedDiskBrokerOptions,
): Promise<PublishWindow> {
  const ids = new PublishWindow(options.publishIdWindowMs, options.maxPublishIds)
  const oldest = Math.max(options.now(), head.last.ms) - options.publishIdWindowMs
  for await (const row of level.values({ gt: idsKey(0), lt: IDS_END })) {
    for (const { id, position } of decodeIds(row)) {
      if (position.ms >= oldest) ids.add(id, position)
    }
  }
  return ids
}
