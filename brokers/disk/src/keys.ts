// Every key starts with its kind; numbers are big-endian, so that the engine's order is ours.
const BLOCK = 0x62 // 'b' + last offset: a block of entries
const IDS = 0x69 // 'i' + last offset: the publish ids of the block
// 'm' + name: a fact about the store
const TOPIC = 0x74 // 't' + length + topic + last offset: which entries of the block carry it

const OFFSET_BYTES = 8
const MAX_UINT32 = 2 ** 32

/** The key of the block whose newest entry has this offset. */
export function blockKey(lastOffset: number): Buffer {
  return offsetKey(BLOCK, lastOffset)
}

/** Whether this is the key of a block. */
export function isBlockKey(key: Buffer): boolean {
  return key[0] === BLOCK && key.length === 1 + OFFSET_BYTES
}

/** The key of the publish ids of the block whose newest entry has this offset. */
export function idsKey(lastOffset: number): Buffer {
  return offsetKey(IDS, lastOffset)
}

/** The key of one fact about the store. */
export function metaKey(name: string): Buffer {
  return Buffer.from(`m${name}`)
}

/**
 * The key of a topic's row for one block. The length in front keeps a topic apart from those that
 * continue it, whatever bytes they hold.
 */
export function topicKey(topic: string, lastOffset: number): Buffer {
  const bytes = Buffer.byteLength(topic)
  const key = Buffer.allocUnsafe(5 + bytes + OFFSET_BYTES)
  key[0] = TOPIC
  key.writeUInt32BE(bytes, 1)
  key.write(topic, 5)
  writeOffset(key, lastOffset, 5 + bytes)
  return key
}

/** The offset that a block, ids or topic key ends with. */
export function offsetOfKey(key: Buffer): number {
  return readOffset(key, key.length - OFFSET_BYTES)
}

/** The range of all topic rows. */
export const ALL_TOPIC_ROWS: { readonly gte: Buffer; readonly lt: Buffer } = {
  gte: Buffer.from([TOPIC]),
  lt: Buffer.from([TOPIC + 1]),
}

/** The end of the blocks (exclusive), for ranges. */
export const BLOCKS_END: Buffer = Buffer.from([BLOCK + 1])

/** The end of the publish ids (exclusive), for ranges. */
export const IDS_END: Buffer = Buffer.from([IDS + 1])

/** Offsets are safe integers: 53 bits in two halves. */
export function writeOffset(target: Buffer, offset: number, at: number): void {
  target.writeUInt32BE(Math.floor(offset / MAX_UINT32), at)
  target.writeUInt32BE(offset % MAX_UINT32, at + 4)
}

export function readOffset(source: Buffer, at: number): number {
  return source.readUInt32BE(at) * MAX_UINT32 + source.readUInt32BE(at + 4)
}

function offsetKey(kind: number, offset: number): Buffer {
  const key = Buffer.allocUnsafe(1 + OFFSET_BYTES)
  key[0] = kind
  writeOffset(key, offset, 1)
  return key
}
