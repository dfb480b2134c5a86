import { HeartlineError } from './error.ts'
import { fieldInvalid } from './errors.ts'

/** The fields of one event on the wire. A field that is undefined is not written. */
export interface EventFields {
  /**
   * What a reader sends back as `Last-Event-ID`. No CR, LF or NUL; the empty string clears the
   * reader's last event id.
   */
  id?: string | undefined
  /** No CR, LF or NUL. Readers see `message` when it is undefined or empty. */
  type?: string | undefined
  /**
   * Any text. CR, LF and CRLF each start a new `data:` line, and a reader sees an LF for each.
   * Lone surrogates become U+FFFD when the text is encoded as UTF-8.
   */
  data?: string | undefined
  /** Reconnection time in milliseconds: a safe integer, not negative. */
  retry?: number | undefined
}

const LINE_END = /\r\n|\r|\n/

/**
 * The block of one event, `id`, `event`, `retry` and `data` lines in this order, LF only, with
 * the empty line that ends it.
 *
 * Empty `data` is an event: the block has one `data:` line with an empty value, and a reader
 * dispatches it with `data === ''`. A block without any `data:` line is not dispatched, so a
 * typed event always gets one. `{ id }` and `{ retry }` alone are allowed: they move the reader's
 * last event id or its reconnection time and dispatch nothing.
 *
 * The value of a field is written only if it is a primitive string (`retry`: a number). An object
 * with a `toString` of its own could answer differently when checked and when written.
 *
 * @throws HeartlineError `HL_EVENT_FIELD_INVALID` when a field could not be read back as given, or
 *   when there is none.
 */
export function encodeEvent(fields: EventFields): string {
  if (typeof fields !== 'object' || fields === null) throw noFields()
  // Each field is read once: a getter could answer differently the second time.
  const { id, type, data, retry } = fields
  let block = ''
  if (id !== undefined) block = `id: ${singleLine('id', id)}\n`
  if (type !== undefined && singleLine('type', type) !== '') block += `event: ${type}\n`
  if (retry !== undefined) block += `retry: ${milliseconds(retry)}\n`
  if (data !== undefined) return `${block}data: ${dataLines(data)}\n\n`
  if (type !== undefined) return `${block}data: \n\n`
  if (block === '') throw noFields()
  return `${block}\n`
}

/**
 * A comment, which readers ignore: one `: ` line for each line of the text, and an empty line so
 * that readers which look for one see it at once.
 *
 * @throws HeartlineError `HL_EVENT_FIELD_INVALID` when the text is not a string.
 */
export function encodeComment(text: string): string {
  if (typeof text !== 'string') throw notText('comment', text)
  return isOneLine(text) ? `: ${text}\n\n` : `: ${text.split(LINE_END).join('\n: ')}\n\n`
}

/**
 * A block that only sets the reader's reconnection time, in milliseconds.
 *
 * @throws HeartlineError `HL_EVENT_FIELD_INVALID` unless `ms` is a safe integer, not negative.
 */
export function encodeRetry(ms: number): string {
  return `retry: ${milliseconds(ms)}\n\n`
}

function isOneLine(text: string): boolean {
  return text.indexOf('\n') === -1 && text.indexOf('\r') === -1
}

function dataLines(data: string): string {
  if (typeof data !== 'string') throw notText('data', data)
  return isOneLine(data) ? data : data.split(LINE_END).join('\ndata: ')
}

function singleLine(field: 'id' | 'type', value: string): string {
  if (typeof value !== 'string') throw notText(field, value)
  if (isOneLine(value) && value.indexOf('\0') === -1) return value
  throw new HeartlineError(fieldInvalid, {
    field,
    problem: 'contains a line end or a NUL',
    remedy: 'Remove it: it would end the field and let its rest be read as other fields',
  })
}

function milliseconds(value: number): number {
  // -0 passes and is written as 0.
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new HeartlineError(fieldInvalid, {
    field: 'retry',
    problem: 'is not a whole number of milliseconds',
    remedy: 'Give a safe integer that is not negative',
  })
}

function notText(field: string, value: unknown): HeartlineError {
  return new HeartlineError(fieldInvalid, {
    field,
    problem: `is not a string but ${value === null ? 'null' : `of type ${typeof value}`}`,
    remedy: 'Convert it before you encode it, for example with JSON.stringify or String',
  })
}

function noFields(): HeartlineError {
  return new HeartlineError(fieldInvalid, {
    field: 'data',
    problem: 'is missing and so are all others',
    remedy: 'Give an object with at least one of id, type, data and retry',
  })
}
