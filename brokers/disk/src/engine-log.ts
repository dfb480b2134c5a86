import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32c } from './crc32c.ts'

const PAGE_BYTES = 32 * 1024
const HEADER_BYTES = 7
const FULL = 1
const FIRST = 2
const MIDDLE = 3
const LAST = 4

/** How much of the engine's newest log is whole. */
export interface LogTail {
  /** Bytes of an unfinished write at the end. The engine cuts them off in silence. */
  readonly tornBytes: number
  /** The first bytes of the last whole record: a change set of the engine. */
  readonly lastRecord: Buffer
}

const RECORD_START_BYTES = 64

/** Reads the end of the engine's newest log, which the engine itself tells nothing about. */
export async function inspectLog(directory: string): Promise<LogTail> {
  const newest = newestLog(await readdir(directory))
  if (newest === undefined) return { tornBytes: 0, lastRecord: Buffer.alloc(0) }
  const file = await open(join(directory, newest))
  try {
    const scan = new LogScan()
    const page = Buffer.allocUnsafe(PAGE_BYTES)
    let bytes = 0
    for (;;) {
      const { bytesRead } = await file.read(page, 0, PAGE_BYTES, bytes)
      if (bytesRead === 0) break
      scan.page(page.subarray(0, bytesRead), bytes)
      bytes += bytesRead
    }
    const start = Buffer.alloc(RECORD_START_BYTES)
    const at = scan.lastStart + HEADER_BYTES
    const { bytesRead } = await file.read(start, 0, RECORD_START_BYTES, at)
    return { tornBytes: bytes - scan.wholeBytes, lastRecord: start.subarray(0, bytesRead) }
  } finally {
    await file.close()
  }
}

/** The size of all logs: what the engine writes into tables when it opens the store. */
export async function logBytes(directory: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(directory)) {
    if (LOG_NAME.test(name)) bytes += (await stat(join(directory, name))).size
  }
  return bytes
}

/** A change set of the engine: sequence (8), count (4), then per change kind, key, value. */
const CHANGES_AT = 12
const PUT = 1

/** The first key that a change set puts, when that key is shorter than 128 bytes. */
export function firstKeyOf(record: Buffer): Buffer | undefined {
  if (record[CHANGES_AT] !== PUT) return undefined
  const length = record[CHANGES_AT + 1] ?? 128
  const end = CHANGES_AT + 2 + length
  return length < 128 && end <= record.length ? record.subarray(CHANGES_AT + 2, end) : undefined
}

/** The engine numbers its logs. */
const LOG_NAME = /^\d+\.log$/

/** The log with the largest number. */
export function newestLog(names: readonly string[]): string | undefined {
  const logs = names.filter((name) => LOG_NAME.test(name))
  return logs.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)).at(-1)
}

/** Follows the records of a log: pages of 32 KiB, records in fragments that never cross a page. */
class LogScan {
  /** Where the last whole record ends. */
  wholeBytes = 0
  /** Where the last whole record starts. */
  lastStart = 0
  #start = 0
  #inRecord = false
  #broken = false

  page(page: Buffer, start: number): void {
    let at = 0
    while (!this.#broken && at + HEADER_BYTES <= page.length) {
      const length = page.readUInt16LE(at + 4)
      const type = page.readUInt8(at + 6)
      const end = at + HEADER_BYTES + length
      if (end > page.length || !isSound(page, at, end)) {
        this.#broken = true
        return
      }
      this.#fragment(type, start + at, start + end)
      at = end
    }
    this.#trailer(page, at, start)
  }

  #fragment(type: number, start: number, end: number): void {
    const starts = type === FULL || type === FIRST
    const continues = type === MIDDLE || type === LAST
    if ((!starts && !continues) || continues !== this.#inRecord) {
      this.#broken = true
      return
    }
    if (starts) this.#start = start
    this.#inRecord = type === FIRST || type === MIDDLE
    if (this.#inRecord) return
    this.wholeBytes = end
    this.lastStart = this.#start
  }

  /** A full page may end with up to six zeros that belong to no record. */
  #trailer(page: Buffer, at: number, start: number): void {
    const isWhole = page.length === PAGE_BYTES && !this.#inRecord && !this.#broken
    if (isWhole && this.wholeBytes === start + at) this.wholeBytes = start + PAGE_BYTES
  }
}

function isSound(page: Buffer, at: number, end: number): boolean {
  return crc32c(page.subarray(at + 6, end)) === unmask(page.readUInt32LE(at))
}

/** The engine stores checksums rotated and shifted, so that a checksum of checksums stays good. */
function unmask(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}
