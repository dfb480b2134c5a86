import { Buffer } from 'node:buffer'
import { DOOR_PATH, DoorRequest } from './door-request.ts'
import { COLON, CR, LF, NAME_BYTE, SP, TAB, TARGET_BYTE, VALUE_BYTE } from './head-bytes.ts'
import { FIELD_COUNT, FIELD_INDEX, fieldAt, hashStep, type HeadField } from './head-field.ts'

/** The head goes on in bytes that have not come yet. */
export const MORE = 'more'
/** Not a request for the door: node:http reads it. */
export const FOREIGN = 'foreign'

export type HeadReading = DoorRequest | typeof MORE | typeof FOREIGN

/** Largest body the door takes. */
const MAX_BODY_BYTES = 65_536
const MAX_FIELDS = 64

const NO_VALUES: readonly (string | undefined)[] = Array.from({ length: FIELD_COUNT })
const GET = Buffer.from(`GET ${DOOR_PATH}`)
const POST = Buffer.from(`POST ${DOOR_PATH} `)
const VERSION = Buffer.from('HTTP/1.1\r\n')
const QUESTION = 0x3f

/** Positions that are none. */
const UNFINISHED = -1
const REFUSED = -2

const { 'content-length': LENGTH, connection: CONNECTION, host: HOST } = FIELD_INDEX
/** Whatever these say, it is not for the door. */
const FOREIGN_FIELDS = [
  FIELD_INDEX.expect,
  FIELD_INDEX['proxy-connection'],
  FIELD_INDEX['transfer-encoding'],
  FIELD_INDEX.upgrade,
]

/**
 * Reads the heads of two kinds of requests, strictly: `GET /v1/events?…` without a body and
 * `POST /v1/events` with a short one of known length. Whatever is allowed but unusual, and
 * whatever is not allowed, is foreign. So the door never understands a request in another way than
 * node:http would: request smuggling needs two readings of the same bytes.
 */
export class HeadReader {
  readonly #maxBytes: number
  #bytes: Buffer = Buffer.alloc(0)
  #values: (string | undefined)[] = []

  /** @param maxBytes Longest head that is read here. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Reads the head that begins at `from`. */
  read(bytes: Buffer, from: number): HeadReading {
    this.#bytes = bytes
    this.#values = NO_VALUES.slice()
    const isGet = bytes[from] === GET[0]
    const start = matchLiteral(bytes, from, isGet ? GET : POST)
    if (start < 0) return this.#unread(start, from)
    const target = isGet ? this.#queryEnd(start) : start
    if (target < 0) return this.#unread(target, from)
    const fields = matchLiteral(bytes, target, VERSION)
    if (fields < 0) return this.#unread(fields, from)
    const headEnd = this.#readFields(fields)
    if (headEnd < 0) return this.#unread(headEnd, from)
    if (headEnd - from > this.#maxBytes || !this.#isPlain()) return FOREIGN
    const bodyBytes = this.#bodyBytes(isGet)
    if (bodyBytes < 0) return FOREIGN
    const method = isGet ? 'GET' : 'POST'
    // From behind the `?` to before the space.
    const queryText = isGet ? bytes.toString('latin1', start + 1, target - 1) : ''
    return new DoorRequest({ method, queryText, values: this.#values, headEnd, bodyBytes })
  }

  #unread(position: number, from: number): typeof MORE | typeof FOREIGN {
    const isTooLong = this.#bytes.length - from > this.#maxBytes
    return position === UNFINISHED && !isTooLong ? MORE : FOREIGN
  }

  /** Past the space behind the query. A stream without a query has no topic: not for the door. */
  #queryEnd(start: number): number {
    const bytes = this.#bytes
    if (start === bytes.length) return UNFINISHED
    if (bytes[start] !== QUESTION) return REFUSED
    let at = start + 1
    while (at < bytes.length && TARGET_BYTE[bytes[at] as number] === 1) at++
    if (at === bytes.length) return UNFINISHED
    return bytes[at] === SP ? at + 1 : REFUSED
  }

  /** Past the empty line. */
  #readFields(start: number): number {
    const bytes = this.#bytes
    let at = start
    for (let count = 0; count <= MAX_FIELDS; count++) {
      if (bytes[at] === CR) return endOfLine(bytes, at)
      at = this.#readField(at)
      if (at < 0) return at
    }
    return REFUSED
  }

  /** One header; past its line. */
  #readField(start: number): number {
    const bytes = this.#bytes
    let at = start
    let hash = 0
    for (; at < bytes.length; at++) {
      const lower = NAME_BYTE[bytes[at] as number] as number
      if (lower === 0) break
      hash = hashStep(hash, lower)
    }
    if (at === bytes.length) return UNFINISHED
    // Also white space before the colon, which has been used to smuggle (RFC 9112, 5.1).
    if (bytes[at] !== COLON || at === start) return REFUSED
    const field = fieldAt(bytes, start, at, hash)
    let from = at + 1
    while (bytes[from] === SP || bytes[from] === TAB) from++
    let end = from
    while (end < bytes.length && VALUE_BYTE[bytes[end] as number] === 1) end++
    if (end === bytes.length) return UNFINISHED
    if (field !== undefined && !this.#keep(field, from, end)) return REFUSED
    return endOfLine(bytes, end)
  }

  /** False when it was there before: node:http joins some and drops others. */
  #keep(field: HeadField, from: number, end: number): boolean {
    if (this.#values[field.index] !== undefined) return false
    let last = end
    if (!field.isFraming) while (last > from && isSpace(this.#bytes[last - 1])) last--
    this.#values[field.index] = this.#bytes.toString('latin1', from, last)
    return true
  }

  #isPlain(): boolean {
    const values = this.#values
    if (values[HOST] === undefined || values[HOST] === '') return false
    for (const index of FOREIGN_FIELDS) if (values[index] !== undefined) return false
    const connection = values[CONNECTION]
    return connection === undefined || connection.toLowerCase() === 'keep-alive'
  }

  /** Negative when it is not for the door. */
  #bodyBytes(isGet: boolean): number {
    const length = this.#values[LENGTH]
    if (isGet) return length === undefined ? 0 : REFUSED
    if (length === undefined || !/^\d{1,5}$/.test(length)) return REFUSED
    const bytes = Number(length)
    return bytes <= MAX_BODY_BYTES ? bytes : REFUSED
  }
}

/** Past the literal, if the bytes are it as far as they go. */
function matchLiteral(bytes: Buffer, from: number, literal: Buffer): number {
  const length = Math.min(literal.length, bytes.length - from)
  for (let index = 0; index < length; index++) {
    if (bytes[from + index] !== literal[index]) return REFUSED
  }
  return length === literal.length ? from + length : UNFINISHED
}

/** Past CRLF. A bare CR or LF ends nothing here. */
function endOfLine(bytes: Buffer, at: number): number {
  if (bytes[at] !== CR) return REFUSED
  if (at + 1 === bytes.length) return UNFINISHED
  return bytes[at + 1] === LF ? at + 2 : REFUSED
}

function isSpace(byte: number | undefined): boolean {
  return byte === SP || byte === TAB
}
