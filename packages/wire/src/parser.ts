import { HeartlineError } from './error.ts'
import type { EventParser, ParserCallbacks, ParserOptions } from './event-parser.ts'
import { eventTooLarge, parserOptionInvalid } from './errors.ts'
import { isDataField, isEventField, isIdField, valueStart } from './field-name.ts'
import { TextPieces } from './text-pieces.ts'
import { Utf8Stream } from './utf8.ts'

const DEFAULT_MAX_EVENT_LENGTH = 16 * 1024 * 1024

/**
 * A parser of `text/event-stream` that does exactly what the HTML standard says (9.2.6,
 * "Interpreting an event stream"), in time linear in the stream however it is cut.
 *
 * @throws HeartlineError `HL_PARSER_OPTION_INVALID` when `maxEventLength` is not greater than 0.
 */
export function createParser(callbacks: ParserCallbacks, options: ParserOptions = {}): EventParser {
  return new EventStreamParser(callbacks, options)
}

/** Appending to a string is the fastest for a few lines of data, and wasteful for very many. */
const MANY_LINES = 4096

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a
const BYTE_ORDER_MARK = 0xfeff
const LETTER_D = 0x64
const LETTER_E = 0x65
const LETTER_I = 0x69
const RETRY = /^retry: ?([0-9]+)$/

class EventStreamParser implements EventParser {
  readonly #callbacks: ParserCallbacks
  readonly #maxEventLength: number
  readonly #utf8 = new Utf8Stream()
  /** The start of a line that was cut by the end of a chunk, if there is one. */
  readonly #line = new TextPieces()
  #isCut = false
  /** Decoded text that waits for its turn: from a `feed` inside a callback, or after one threw. */
  #unread = ''
  #parsing = false
  #over = false
  #atStart = true
  /** The last chunk ended with a CR: an LF at the start of the next belongs to it. */
  #skipLf = false
  #data: string | undefined
  /** What follows `#data` when that got long. */
  readonly #moreData = new TextPieces()
  #type = ''
  #idBuffer = ''
  #idSeen = false
  #lastEventId: string
  /** Where the next line starts in the text that is being parsed. */
  #next = 0
  /** Up to where that text is counted, or belongs to no open block. */
  #counted = 0
  /** The length of the open block up to there. */
  #blockLength = 0

  constructor(callbacks: ParserCallbacks, options: ParserOptions) {
    const { lastEventId = '', maxEventLength = DEFAULT_MAX_EVENT_LENGTH } = options
    if (typeof maxEventLength !== 'number' || !(maxEventLength > 0)) {
      throw new HeartlineError(parserOptionInvalid, { given: String(maxEventLength) })
    }
    this.#callbacks = callbacks
    this.#maxEventLength = maxEventLength
    this.#lastEventId = lastEventId
  }

  get lastEventId(): string {
    return this.#lastEventId
  }

  feed(chunk: Uint8Array | string): void {
    if (this.#over) return
    this.#unread +=
      typeof chunk === 'string' ? this.#utf8.flush() + chunk : this.#utf8.decode(chunk)
    while (this.#unread !== '' && !this.#parsing) {
      const unread = this.#unread
      this.#unread = ''
      this.#parse(unread)
    }
  }

  end(): void {
    this.#over = true
    this.#unread = ''
    this.#data = undefined
    this.#moreData.clear()
    this.#type = ''
    this.#idSeen = false
    this.#line.clear()
  }

  #parse(text: string): void {
    this.#startOf(text)
    this.#parsing = true
    try {
      if (text.indexOf('\r', this.#next) === -1) this.#readLfLines(text)
      else this.#readLines(text)
      if (this.#over) return
      const next = this.#next
      const { length } = text
      if (next < length) {
        this.#isCut = true
        this.#line.add(next === 0 ? text : text.slice(next))
      }
      this.#count(length)
    } catch (thrown) {
      if (!this.#over) this.#unread = text.slice(this.#next) + this.#unread
      throw thrown
    } finally {
      this.#parsing = false
    }
  }

  /**
   * The lines of nearly every chunk: LF only. A block whose data line comes last, which is nearly
   * every block, is dispatched without a detour.
   */
  #readLfLines(text: string): void {
    let from = this.#next
    let end = text.indexOf('\n', from)
    if (end !== -1 && this.#isCut) {
      this.#takeLine(text, from, end, end + 1)
      if (this.#over) return
      from = end + 1
      end = text.indexOf('\n', from)
    }
    while (end !== -1) {
      const first = text.charCodeAt(from)
      const next = end + 1
      if (first === LETTER_D && isDataField(text, from)) {
        const value = text.slice(valueStart(text, from + 5), end)
        from = next
        if (text.charCodeAt(next) !== LF) this.#addData(value)
        else {
          if (this.#count(next)) return
          from++
          this.#closeBlock(from)
          this.#dispatch(this.#data === undefined ? value : this.#takeDataWith(value))
          if (this.#over) return
        }
      } else if (first === LETTER_I && isIdField(text, from)) {
        this.#setId(text.slice(valueStart(text, from + 3), end))
        from = next
      } else if (first === LETTER_E && isEventField(text, from)) {
        this.#type = text.slice(valueStart(text, from + 6), end)
        from = next
      } else {
        this.#takeLine(text, from, end, next)
        from = next
        if (this.#over) return
      }
      end = text.charCodeAt(from) === LF ? from : text.indexOf('\n', from)
    }
    this.#next = from
  }

  /**
   * The lines of any chunk. Two searches run ahead of the line being read, one for each kind of
   * line end; each looks at every character once.
   */
  #readLines(text: string): void {
    let from = this.#next
    let lf = text.indexOf('\n', from)
    let cr = text.indexOf('\r', from)
    // Equal only when both are -1.
    while (lf !== cr) {
      const end = cr === -1 || (lf !== -1 && lf < cr) ? lf : cr
      let next = end + 1
      if (end === cr) {
        if (lf === next) next++
        else if (next === text.length) this.#skipLf = true
        // A blank line is nearly always next to come or the one after, where a look is cheaper.
        cr = text.charCodeAt(next) === CR ? next : text.indexOf('\r', next)
      }
      if (lf < next && lf !== -1) {
        lf = text.charCodeAt(next) === LF ? next : text.indexOf('\n', next)
      }
      this.#takeLine(text, from, end, next)
      if (this.#over) return
      from = next
    }
  }

  /** Reads the line that ends with `text[from..end)`; the next one starts at `next`. */
  #takeLine(text: string, from: number, end: number, next: number): void {
    const start = this.#isCut ? this.#line.take() : ''
    this.#isCut = false
    const isOpen = this.#blockLength + from - this.#counted > start.length
    if (this.#count(end)) return
    if (start === '' && from === end) return this.#endBlock(next)
    const length = this.#blockLength + next - end
    if (isOpen) this.#next = next
    else this.#closeBlock(next)
    const isField =
      start === ''
        ? this.#readLine(text, from, end)
        : this.#readLine(start + text.slice(from, end), 0, start.length + end - from)
    if (isField && !isOpen) this.#blockLength = length
  }

  #endBlock(next: number): void {
    this.#closeBlock(next)
    this.#dispatch(this.#takeData())
  }

  /** What comes before `next` belongs to no block any more. */
  #closeBlock(next: number): void {
    this.#next = next
    this.#counted = next
    this.#blockLength = 0
  }

  /** Finds where the text starts, after a byte order mark and the second half of a cut CRLF. */
  #startOf(text: string): void {
    const first = text.charCodeAt(0)
    let begin = 0
    if (this.#atStart && first === BYTE_ORDER_MARK) begin = 1
    if (this.#skipLf && first === LF) {
      begin = 1
      if (this.#blockLength > 0) this.#blockLength++
    }
    this.#atStart = this.#skipLf = false
    this.#next = this.#counted = begin
  }

  /** Counts the text up to `to`. Returns whether the open block is longer than it may be. */
  #count(to: number): boolean {
    this.#blockLength += to - this.#counted
    this.#counted = to
    if (this.#blockLength <= this.#maxEventLength) return false
    this.end()
    const error = new HeartlineError(eventTooLarge, { maxLength: this.#maxEventLength })
    if (this.#callbacks.onError === undefined) throw error
    this.#callbacks.onError(error)
    return true
  }

  /** Reads `text[from..end)`, not empty. Returns whether it is a field of an event. */
  #readLine(text: string, from: number, end: number): boolean {
    const first = text.charCodeAt(from)
    if (first === LETTER_D && isDataField(text, from)) {
      this.#addData(text.slice(valueStart(text, from + 5), end))
    } else if (first === LETTER_I && isIdField(text, from)) {
      this.#setId(text.slice(valueStart(text, from + 3), end))
    } else if (first === LETTER_E && isEventField(text, from)) {
      this.#type = text.slice(valueStart(text, from + 6), end)
    } else if (first === COLON) {
      this.#callbacks.onComment?.(text.slice(valueStart(text, from + 1), end))
      return false
    } else return this.#readRareField(text.slice(from, end))
    return true
  }

  /** The fields without a short cut: `retry`, unknown ones, and any without a colon. */
  #readRareField(line: string): boolean {
    if (line === 'data') this.#addData('')
    else if (line === 'event') this.#type = ''
    else if (line === 'id') this.#setId('')
    else {
      const digits = RETRY.exec(line)?.[1]
      if (digits !== undefined) {
        this.#callbacks.onRetry?.(Math.min(Number(digits), Number.MAX_SAFE_INTEGER))
      }
      return false
    }
    return true
  }

  #addData(value: string): void {
    if (this.#data === undefined) this.#data = value
    else if (this.#data.length < MANY_LINES) this.#data += `\n${value}`
    else this.#moreData.add(`\n${value}`)
  }

  #takeDataWith(last: string): string | undefined {
    this.#addData(last)
    return this.#takeData()
  }

  #takeData(): string | undefined {
    const data = this.#data
    this.#data = undefined
    if (data === undefined || data.length < MANY_LINES) return data
    return data + this.#moreData.take()
  }

  #setId(value: string): void {
    if (value.indexOf('\0') !== -1) return
    this.#idBuffer = value
    this.#idSeen = true
  }

  /** The block ended: its id takes effect, and its event is dispatched if it has data. */
  #dispatch(data: string | undefined): void {
    const type = this.#type === '' ? 'message' : this.#type
    this.#type = ''
    if (this.#idSeen) {
      this.#idSeen = false
      this.#lastEventId = this.#idBuffer
      this.#callbacks.onId?.(this.#lastEventId)
    }
    if (data === undefined || this.#over) return
    this.#callbacks.onEvent({ type, data, lastEventId: this.#lastEventId })
  }
}
