import { HeartlineError } from './error.ts'
import { cursorInvalid, cursorTooLong } from './errors.ts'

/**
 * The place of one entry in a log.
 *
 * Offsets are contiguous integers from 1 within an epoch. `ms` is the entry's own time in Unix
 * milliseconds, never smaller than the entry's before; it is the *anchor*: two entries that were
 * given the same offset in two histories of a log (after a roll-back) differ in it, so a resume
 * can tell them apart where epoch and offset alone cannot.
 */
export interface Position {
  readonly ms: number
  readonly offset: number
}

/** The name of the log that needs no name. */
export const DEFAULT_LOG: string = ''

/** Where a reader is: after one position in each log that it reads, at least one. */
export interface Cursor {
  /** Names one life of the log: `[a-z0-9]{1,16}`. */
  readonly epoch: string
  /** By log: `DEFAULT_LOG` or a name `[a-z0-9]{1,16}`. */
  readonly positions: ReadonlyMap<string, Position>
}

const VERSION = '1'
/** Readers send the cursor in a header and in URLs; each byte of it is on every event. */
const MAX_CURSOR_BYTES = 128
const NAME = /^[a-z0-9]{1,16}$/
/** Eleven digits hold `Number.MAX_SAFE_INTEGER`; one way to write each number. */
const SEGMENT = /^(?:([a-z0-9]{1,16})~)?(0|[1-9a-z][0-9a-z]{0,10})-(0|[1-9a-z][0-9a-z]{0,10})$/

/**
 * Writes a cursor: `1.<epoch>.<ms>-<offset>`, both numbers in base 36, then `.<log>~<ms>-<offset>`
 * for each named log. The default log comes first, the others by name. At most 128 bytes, all of
 * `[A-Za-z0-9._~-]`, so that no URL, header or browser ever has to escape it.
 *
 * @throws HeartlineError `HL_CURSOR_TOO_LONG`; `HL_CURSOR_INVALID` when a name or number is out of
 *   its range or there is no position.
 */
export function encodeCursor(cursor: Cursor): string {
  const { epoch, positions } = cursor
  if (positions.size === 0) throw invalid('it holds no position')
  let text = head(epoch)
  for (const log of [...positions.keys()].sort()) {
    const { ms, offset } = positions.get(log) as Position
    text += `.${logPrefix(log)}${digits(ms)}-${digits(offset)}`
  }
  if (text.length <= MAX_CURSOR_BYTES) return text
  throw new HeartlineError(cursorTooLong, {
    logs: positions.size,
    bytes: text.length,
    maxBytes: MAX_CURSOR_BYTES,
  })
}

// Events come in runs of one epoch and millisecond, and writing a time in base 36 costs more than
// all the rest of an event's encoding: the last start of a cursor is kept.
const memo = { epoch: '', ms: Number.NaN, start: '' }

/**
 * `encodeCursor` for one position in the default log, fast enough for every event.
 *
 * @throws HeartlineError `HL_CURSOR_INVALID` when the epoch or a number is out of its range.
 */
export function encodePosition(epoch: string, position: Position): string {
  const { ms, offset } = position
  if (ms !== memo.ms || epoch !== memo.epoch) {
    memo.start = `${head(epoch)}.${digits(ms)}-`
    memo.epoch = epoch
    memo.ms = ms
  }
  return memo.start + digits(offset)
}

/**
 * Reads exactly what `encodeCursor` writes, and nothing else: a cursor comes from the network.
 *
 * @throws HeartlineError `HL_CURSOR_INVALID` (status 400) that says what is wrong.
 */
export function decodeCursor(text: string): Cursor {
  const cursor = parseCursor(text)
  if (cursor === undefined) throw invalid(whyInvalid(text))
  return cursor
}

/** What `decodeCursor` reads, or undefined without a word why: a page carries no explanations. */
export function parseCursor(text: string): Cursor | undefined {
  if (typeof text !== 'string' || text.length > MAX_CURSOR_BYTES) return undefined
  const [version, epoch = '', ...segments] = text.split('.')
  if (version !== VERSION || !NAME.test(epoch) || segments.length === 0) return undefined
  const positions = new Map<string, Position>()
  let previous: string | undefined
  for (const segment of segments) {
    const match = SEGMENT.exec(segment)
    if (match === null) return undefined
    const [, log = DEFAULT_LOG, ms = '', offset = ''] = match
    const position = { ms: Number.parseInt(ms, 36), offset: Number.parseInt(offset, 36) }
    const isOrdered = previous === undefined || log > previous
    if (!isOrdered || !isWithinRange(position)) return undefined
    positions.set(log, position)
    previous = log
  }
  return { epoch, positions }
}

/** True when `decodeCursor` would read the text. */
export function isCursor(text: string): boolean {
  return parseCursor(text) !== undefined
}

/**
 * True when a reader at the cursor has passed that position: what a client drops as a duplicate.
 *
 * Anchors count: a position that cannot be in the history which the cursor is from (the same
 * offset with another time, or an earlier offset with a later time) is not covered. After a
 * roll-back of the log it is a new event, and dropping it would lose it.
 */
export function covers(cursor: Cursor, epoch: string, log: string, position: Position): boolean {
  const reached = cursor.epoch === epoch ? cursor.positions.get(log) : undefined
  if (reached === undefined) return false
  if (reached.offset === position.offset) return reached.ms === position.ms
  return reached.offset > position.offset && reached.ms >= position.ms
}

function isWithinRange({ ms, offset }: Position): boolean {
  return Math.max(ms, offset) <= Number.MAX_SAFE_INTEGER
}

/** The first reason why there is no cursor in the text. */
function whyInvalid(text: unknown): string {
  if (typeof text !== 'string') return 'it is not a string'
  if (text.length > MAX_CURSOR_BYTES) return `it has more than ${MAX_CURSOR_BYTES} bytes`
  const [version, epoch, ...segments] = text.split('.')
  if (version !== VERSION) return `it does not start with version ${VERSION}`
  if (epoch === undefined || !NAME.test(epoch)) return 'its epoch is not [a-z0-9]{1,16}'
  if (segments.length === 0) return 'it holds no position'
  if (!segments.every((segment) => SEGMENT.test(segment))) {
    return 'a position is not <ms>-<offset> in base 36'
  }
  const isAlone = (segment: string): boolean =>
    parseCursor(`${VERSION}.${epoch}.${segment}`) !== undefined
  if (!segments.every(isAlone)) return 'a number in it is too large'
  return 'its logs are not in order, each once'
}

function head(epoch: string): string {
  if (typeof epoch !== 'string' || !NAME.test(epoch)) {
    throw invalid('its epoch is not [a-z0-9]{1,16}')
  }
  return `${VERSION}.${epoch}`
}

function logPrefix(log: string): string {
  if (log === DEFAULT_LOG) return ''
  if (typeof log !== 'string' || !NAME.test(log)) {
    throw invalid('the name of a log is not [a-z0-9]{1,16}')
  }
  return `${log}~`
}

function digits(value: number): string {
  if (Number.isSafeInteger(value) && value >= 0) return value.toString(36)
  throw invalid('a position is not made of safe integers that are not negative')
}

function invalid(problem: string): HeartlineError {
  return new HeartlineError(cursorInvalid, { problem })
}
