import { HeartlineError } from './error.ts'
import { wireErrors } from './errors.ts'
import { TextPieces } from './text-pieces.ts'
import { utf8Length, Utf8Stream } from './utf8.ts'

/** One dispatched event. */
export interface ParsedEvent {
  /** `message` when the stream named none. */
  readonly type: string
  /** The values of the `data` lines, joined by LF. */
  readonly data: string
  /** The last event id of the stream as of this event, `''` when it gave none. */
  readonly lastEventId: string
}

/**
 * Called while a chunk is parsed, in the order of the stream. What a callback throws comes out of
 * `feed`; the rest of that chunk is parsed by the next `feed`, so nothing is lost but what the
 * callback was called for.
 */
export interface ParserCallbacks {
  readonly onEvent: (event: ParsedEvent) => void
  /** The text after the colon, without one leading space. Called when the line ends. */
  readonly onComment?: ((text: string) => void) | undefined
  /**
   * A reconnection time in milliseconds. It may be as large as `Number.MAX_SAFE_INTEGER` (larger
   * ones become this), which no timer takes: bound it before you use it.
   */
  readonly onRetry?: ((ms: number) => void) | undefined
  /** The last event id, when a block that gave one ends, with or without data; before `onEvent`. */
  readonly onId?: ((lastEventId: string) => void) | undefined
  /** The stream broke `maxEventBytes`; nothing is called after this. Without it, `feed` throws. */
  readonly onError?: ((error: HeartlineError) => void) | undefined
}

export interface ParserOptions {
  /** The last event id before the first `id` of the stream: that of the stream before. Default `''`. */
  readonly lastEventId?: string | undefined
  /**
   * The most bytes (as UTF-8, line ends included) of one block, counted from its first `data`,
   * `event` or `id` line, and of any unfinished line. Default 16 MiB.
   */
  readonly maxEventBytes?: number | undefined
}

/** Reads one stream. For the next connection create another, with this one's `lastEventId`. */
export interface EventParser {
  /**
   * Parses a chunk, cut anywhere. Strings are text that was decoded already.
   *
   * @throws HeartlineError `HL_EVENT_TOO_LARGE` when there is no `onError`; what a callback throws.
   */
  feed(chunk: Uint8Array | string): void
  /** Ends the stream: an unfinished block is discarded, later chunks are ignored. Idempotent. */
  end(): void
  /** As of the last block that ended. */
  readonly lastEventId: string
}

const DEFAULT_MAX_EVENT_BYTES = 16 * 1024 * 1024

/**
 * A parser of `text/event-stream` that does exactly what the HTML standard says (9.2.6,
 * "Interpreting an event stream"), in time linear in the stream however it is cut.
 *
 * @throws HeartlineError `HL_PARSER_OPTION_INVALID` when `maxEventBytes` is not greater than 0.
 */
export function createParser(callbacks: ParserCallbacks, options: ParserOptions = {}): EventParser {
  return new EventStreamParser(callbacks, options)
}

/** Appending to a string is the fastest for a few lines of data, and wasteful for very many. */
const MANY_LINES = 4096

const LF = 0x0a
const SPACE = 0x20
const COLON = 0x3a
const BYTE_ORDER_MARK = 0xfeff
const LETTER_D = 0x64
const LETTER_E = 0x65
const LETTER_I = 0x69
const ASCII_DIGITS = /^[0-9]+$/

class EventStreamParser implements EventParser {
  readonly #callbacks: ParserCallbacks
  readonly #maxEventBytes: number
  readonly #utf8 = new Utf8Stream()
  readonly #line = new TextPieces()
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
  /** Bytes of the block so far, but for the tail. */
  #blockBytes = 0
  /** The text whose part from `#tailFrom` belongs to the block and was not counted yet. */
  #tail = ''
  #tailFrom = 0

  constructor(callbacks: ParserCallbacks, options: ParserOptions) {
    const { lastEventId = '', maxEventBytes = DEFAULT_MAX_EVENT_BYTES } = options
    if (typeof maxEventBytes !== 'number' || !(maxEventBytes > 0)) {
      throw new HeartlineError(wireErrors.parserOptionInvalid, { given: String(maxEventBytes) })
    }
    this.#callbacks = callbacks
    this.#maxEventBytes = maxEventBytes
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
      const text = this.#unread
      this.#unread = ''
      this.#parse(text)
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
    this.#tail = ''
    this.#tailFrom = 0
  }

  /**
   * Reads all lines that end in the text. Two searches run ahead of the line being read, one for
   * each kind of line end; each looks at every character once.
   */
  #parse(text: string): void {
    const careful = this.#isBoundInReach(text)
    const begin = this.#startOf(text)
    let start = begin
    let counted = begin
    let lf = text.indexOf('\n', start)
    let cr = text.indexOf('\r', start)
    let pending = !this.#line.isEmpty
    this.#parsing = true
    try {
      while (lf !== cr) {
        const from = start
        const end = cr === -1 || (lf !== -1 && lf < cr) ? lf : cr
        start = end + 1
        if (end === cr) {
          if (lf === start) start++
          else if (start === text.length) this.#skipLf = true
          cr = text.indexOf('\r', start)
        }
        if (lf < start && lf !== -1) {
          lf = text.charCodeAt(start) === LF ? start : text.indexOf('\n', start)
        }
        if (careful) {
          this.#count(text, counted, end)
          counted = end
          if (this.#over) return
        }
        let holds: boolean
        if (pending) {
          pending = false
          holds = this.#completeLine(text.slice(from, end))
        } else if (from === end) holds = this.#endBlock()
        else holds = this.#readLine(text, from, end)
        if (!holds) {
          this.#blockBytes = 0
          counted = start
        }
        if (this.#over) return
      }
      if (start < text.length) this.#line.add(start === 0 ? text : text.slice(start))
      if (careful) this.#count(text, counted, text.length)
      else this.#setTail(text, counted, counted === begin)
    } catch (thrown) {
      if (!this.#over) this.#unread = text.slice(start) + this.#unread
      throw thrown
    } finally {
      this.#parsing = false
    }
  }

  /** Where the text starts, after a byte order mark and the second half of a cut CRLF. */
  #startOf(text: string): number {
    if (this.#atStart) {
      this.#atStart = false
      return text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0
    }
    if (!this.#skipLf) return 0
    this.#skipLf = false
    if (text.charCodeAt(0) !== LF) return 0
    if (this.#blockBytes > 0 || this.#tail !== '') this.#blockBytes++
    return 1
  }

  /**
   * Counting bytes costs a look at every character, so it is put off. Most blocks end before the
   * tail of their first chunk has to be counted, and no line has to be checked on its own unless
   * the bound could be met within the text.
   */
  #isBoundInReach(text: string): boolean {
    const uncounted = this.#tail.length - this.#tailFrom + text.length
    if (this.#blockBytes + uncounted * 3 <= this.#maxEventBytes) return false
    this.#setTail('', 0, true)
    return true
  }

  #setTail(text: string, from: number, isSameBlock: boolean): void {
    if (isSameBlock) this.#blockBytes += utf8Length(this.#tail, this.#tailFrom, this.#tail.length)
    this.#tail = from === text.length ? '' : text
    this.#tailFrom = from
  }

  #count(text: string, from: number, to: number): void {
    this.#blockBytes += utf8Length(text, from, to)
    if (this.#blockBytes <= this.#maxEventBytes) return
    this.end()
    const error = new HeartlineError(wireErrors.eventTooLarge, { maxBytes: this.#maxEventBytes })
    if (this.#callbacks.onError === undefined) throw error
    this.#callbacks.onError(error)
  }

  #completeLine(rest: string): boolean {
    const line = this.#line.take() + rest
    return this.#readLine(line, 0, line.length)
  }

  /** Reads `text[from..end)`, not empty. Returns whether the block holds anything after it. */
  #readLine(text: string, from: number, end: number): boolean {
    const first = text.charCodeAt(from)
    if (first === LETTER_D && isDataField(text, from)) {
      this.#addData(text.slice(valueStart(text, from + 5), end))
      return true
    }
    if (first === LETTER_I && isIdField(text, from)) {
      this.#setId(text.slice(valueStart(text, from + 3), end))
    } else if (first === LETTER_E && text.startsWith('event:', from)) {
      this.#type = text.slice(valueStart(text, from + 6), end)
    } else if (first === COLON) {
      this.#callbacks.onComment?.(text.slice(valueStart(text, from + 1), end))
    } else this.#readRareField(text.slice(from, end))
    return this.#idSeen || this.#data !== undefined || this.#type !== ''
  }

  /** The fields without a short cut: `retry`, unknown ones, and any without a colon. */
  #readRareField(line: string): void {
    const colon = line.indexOf(':')
    if (colon === -1) {
      if (line === 'data') this.#addData('')
      else if (line === 'event') this.#type = ''
      else if (line === 'id') this.#setId('')
    } else if (colon === 5 && line.startsWith('retry')) {
      const value = line.slice(valueStart(line, 6))
      if (!ASCII_DIGITS.test(value)) return
      this.#callbacks.onRetry?.(Math.min(Number(value), Number.MAX_SAFE_INTEGER))
    }
  }

  #addData(value: string): void {
    if (this.#data === undefined) this.#data = value
    else if (this.#data.length < MANY_LINES) this.#data += `\n${value}`
    else this.#moreData.add(`\n${value}`)
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

  /** The empty line: the block takes effect. Always false: an ended block holds nothing. */
  #endBlock(): false {
    const data = this.#takeData()
    const type = this.#type
    const idSeen = this.#idSeen
    this.#type = ''
    this.#idSeen = false
    if (idSeen) {
      this.#lastEventId = this.#idBuffer
      this.#callbacks.onId?.(this.#lastEventId)
      if (this.#over) return false
    }
    if (data !== undefined) {
      const event = { type: type === '' ? 'message' : type, data, lastEventId: this.#lastEventId }
      this.#callbacks.onEvent(event)
    }
    return false
  }
}

/** One space after the colon is not part of the value. */
function valueStart(text: string, afterColon: number): number {
  return text.charCodeAt(afterColon) === SPACE ? afterColon + 1 : afterColon
}

// Letter by letter: in the inner loop this is several times faster than `startsWith`.
function isDataField(text: string, at: number): boolean {
  return (
    text.charCodeAt(at + 1) === 0x61 &&
    text.charCodeAt(at + 2) === 0x74 &&
    text.charCodeAt(at + 3) === 0x61 &&
    text.charCodeAt(at + 4) === COLON
  )
}

function isIdField(text: string, at: number): boolean {
  return text.charCodeAt(at + 1) === LETTER_D && text.charCodeAt(at + 2) === COLON
}
