import type { Position } from '@heartline/broker'
import { readOffset, writeOffset } from './keys.ts'

/** A publish id and the position it was given. */
export interface IdRow {
  readonly id: string
  readonly position: Position
}

/**
 * Which entries of a block carry a topic: how far each is before the block's last offset, which
 * the key of the row tells.
 */
export function encodeOffsets(offsets: readonly number[], last: number): Buffer {
  const bytes = Buffer.allocUnsafe(offsets.length * 2)
  for (const [at, offset] of offsets.entries()) bytes.writeUInt16BE(last - offset, at * 2)
  return bytes
}

export function decodeOffsets(bytes: Buffer, last: number): number[] {
  const offsets: number[] = []
  for (let at = 0; at + 2 <= bytes.length; at += 2) offsets.push(last - bytes.readUInt16BE(at))
  return offsets
}

/** The publish ids of a block: length (4), id, offset (8), ms (8) each. */
export function encodeIds(rows: readonly IdRow[]): Buffer {
  return Buffer.concat(
    rows.map(({ id, position }) => {
      const bytes = Buffer.byteLength(id)
      const row = Buffer.allocUnsafe(4 + bytes + 16)
      row.writeUInt32BE(bytes, 0)
      row.write(id, 4)
      writeOffset(row, position.offset, 4 + bytes)
      row.writeDoubleBE(position.ms, 12 + bytes)
      return row
    }),
  )
}

export function decodeIds(bytes: Buffer): IdRow[] {
  const rows: IdRow[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at)
    const position = { ms: bytes.readDoubleBE(end + 8), offset: readOffset(bytes, end) }
    rows.push({ id: bytes.toString('utf8', at + 4, end), position })
    at = end + 16
  }
  return rows
}

/** The base: what retention removed, and the text bytes of the log up to it. */
export interface BaseRow {
  readonly position: Position
  readonly bytesBefore: number
}

export function encodeBase({ position, bytesBefore }: BaseRow): Buffer {
  const bytes = Buffer.allocUnsafe(24)
  bytes.writeDoubleBE(position.ms, 0)
  writeOffset(bytes, position.offset, 8)
  bytes.writeDoubleBE(bytesBefore, 16)
  return bytes
}

export function decodeBase(bytes: Buffer): BaseRow {
  const position = { ms: bytes.readDoubleBE(0), offset: readOffset(bytes, 8) }
  return { position, bytesBefore: bytes.readDoubleBE(16) }
}
