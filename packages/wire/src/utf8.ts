const NOTHING = new Uint8Array(0)

/**
 * Decodes a stream of UTF-8 as `TextDecoder` with `stream: true` does, invalid bytes included, but
 * faster: some runtimes decode a whole buffer several times faster than a streamed one. So only
 * whole characters are given to the decoder, and the first bytes of a character that is cut by
 * the end of a chunk wait here for the next chunk. A byte order mark is kept.
 */
export class Utf8Stream {
  readonly #decoder: TextDecoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #held: Uint8Array = NOTHING

  decode(chunk: Uint8Array): string {
    const bytes = this.#held.length === 0 ? chunk : joined(this.#held, chunk)
    const whole = wholeLength(bytes)
    // A copy, as the caller may use its buffer again; `slice` of a Node.js Buffer makes none.
    this.#held = whole === bytes.length ? NOTHING : new Uint8Array(bytes.subarray(whole))
    return this.#decoder.decode(whole === bytes.length ? bytes : bytes.subarray(0, whole))
  }

  /** The text of a character that never came to its end: U+FFFD, or nothing. */
  flush(): string {
    if (this.#held.length === 0) return ''
    const text = this.#decoder.decode(this.#held)
    this.#held = NOTHING
    return text
  }
}

/**
 * The number of bytes before a character that is cut at the end. Bytes before a lead byte decode
 * to the same text whatever follows, so cutting there is safe for invalid input too.
 */
function wholeLength(bytes: Uint8Array): number {
  const { length } = bytes
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back] as number
    if (byte < 0x80) return length
    if (byte >= 0xc0) return back < sequenceLength(byte) ? length - back : length
  }
  return length
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4
  return lead >= 0xe0 ? 3 : 2
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length)
  bytes.set(head)
  bytes.set(tail, head.length)
  return bytes
}

/**
 * The bytes of `text[start..end)` as UTF-8. Each half of a surrogate pair counts as two, so the
 * sum over the pieces of a text does not depend on where it was cut.
 */
export function utf8Length(text: string, start: number, end: number): number {
  let bytes = end - start
  for (let index = start; index < end; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0x80) bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2
  }
  return bytes
}
