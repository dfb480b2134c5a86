/**
 * The text of the HTML standard, 9.2.6 "Interpreting an event stream", word for word and slow: it
 * takes the whole stream, decoded, and looks at it one character at a time.
 */

export type Observed =
  | { kind: 'event'; type: string; data: string; lastEventId: string }
  | { kind: 'comment'; text: string }
  | { kind: 'retry'; ms: number }
  | { kind: 'id'; lastEventId: string }

export interface Outcome {
  observed: Observed[]
  lastEventId: string
}

/** "Streams must be decoded using the UTF-8 decode algorithm", which strips one byte order mark. */
export function decodeWhole(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: false }).decode(bytes)
}

/** The lines that end in the stream. What follows the last line end is discarded. */
function splitLines(text: string): string[] {
  const lines: string[] = []
  let line = ''
  let index = 0
  while (index < text.length) {
    const character = text[index] as string
    index += 1
    if (character === '\r' || character === '\n') {
      // "a CARRIAGE RETURN LINE FEED character pair, a single LINE FEED, or a single CARRIAGE RETURN"
      if (character === '\r' && text[index] === '\n') index += 1
      lines.push(line)
      line = ''
    } else {
      line += character
    }
  }
  return lines
}

class Model {
  readonly observed: Observed[] = []
  lastEventIdString: string
  dataBuffer = ''
  eventTypeBuffer = ''
  lastEventIdBuffer: string
  /** Not in the standard: whether this block had an `id` that counted, for `onId`. */
  idInBlock = false

  constructor(initialLastEventId: string) {
    this.lastEventIdString = initialLastEventId
    this.lastEventIdBuffer = initialLastEventId
  }

  processLine(line: string): void {
    if (line === '') {
      this.dispatch()
    } else if (line.startsWith(':')) {
      const text = line.slice(1)
      this.observed.push({ kind: 'comment', text: text.startsWith(' ') ? text.slice(1) : text })
    } else if (line.includes(':')) {
      const field = line.slice(0, line.indexOf(':'))
      let value = line.slice(line.indexOf(':') + 1)
      if (value.startsWith(' ')) value = value.slice(1)
      this.processField(field, value)
    } else {
      this.processField(line, '')
    }
  }

  processField(field: string, value: string): void {
    switch (field) {
      case 'event':
        this.eventTypeBuffer = value
        break
      case 'data':
        this.dataBuffer += value
        this.dataBuffer += '\n'
        break
      case 'id':
        if (!value.includes('\0')) {
          this.lastEventIdBuffer = value
          this.idInBlock = true
        }
        break
      case 'retry':
        this.retry(value)
        break
      default:
        break
    }
  }

  /** "If the field value consists of only ASCII digits": nothing is not an integer in base ten. */
  retry(value: string): void {
    if (value === '') return
    let ms = 0n
    for (const character of value) {
      if (character < '0' || character > '9') return
      ms = ms * 10n + BigInt(character)
    }
    const largest = BigInt(Number.MAX_SAFE_INTEGER)
    this.observed.push({ kind: 'retry', ms: Number(ms < largest ? ms : largest) })
  }

  dispatch(): void {
    this.lastEventIdString = this.lastEventIdBuffer
    if (this.idInBlock) this.observed.push({ kind: 'id', lastEventId: this.lastEventIdString })
    this.idInBlock = false
    if (this.dataBuffer === '') {
      this.eventTypeBuffer = ''
      return
    }
    const type = this.eventTypeBuffer === '' ? 'message' : this.eventTypeBuffer
    const data = this.dataBuffer.endsWith('\n') ? this.dataBuffer.slice(0, -1) : this.dataBuffer
    this.observed.push({ kind: 'event', type, data, lastEventId: this.lastEventIdString })
    this.dataBuffer = ''
    this.eventTypeBuffer = ''
  }
}

/** What a reader of the whole stream observes, in order. The text has no byte order mark to strip. */
export function interpret(text: string, initialLastEventId: string): Outcome {
  const model = new Model(initialLastEventId)
  for (const line of splitLines(text)) model.processLine(line)
  return { observed: model.observed, lastEventId: model.lastEventIdString }
}
