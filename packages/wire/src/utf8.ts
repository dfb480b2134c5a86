/** Up to so many bytes a call of the decoder costs more than the work. */
const TINY = 8
/** Up to so many bytes both decoders are equally fast. */
const SMALL = 64

/**
 * Decodes a stream of UTF-8 that is cut anywhere, exactly as `TextDecoder` with `stream: true`
 * does, and keeps a byte order mark.
 *
 * A decoder that never streams is several times faster for ASCII in Node.js, and half as fast for
 * much of anything else. So a chunk goes to it while the stream looks like ASCII and the chunk ends
 * with an ASCII byte: then nothing is carried over from one chunk to the next.
 */
export class Utf8Stream {
  readonly #whole: TextDecoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #streamed: TextDecoder | undefined
  #useStreamed = false

  decode(chunk: Uint8Array): string {
    const { length } = chunk
    if (length === 0) return ''
    const endsClean = (chunk[length - 1] as number) < 0x80
    let text: string
    if (this.#useStreamed || !endsClean) {
      this.#streamed ??= new TextDecoder('utf-8', { ignoreBOM: true })
      text = this.#streamed.decode(chunk, { stream: true })
    } else text = (length <= TINY && toAscii(chunk)) || this.#whole.decode(chunk)
    this.#useStreamed = !endsClean || (length > SMALL && text.length !== length)
    return text
  }

  /** The text of a character that never came to its end: U+FFFD, or nothing. */
  flush(): string {
    if (!this.#useStreamed) return ''
    this.#useStreamed = false
    return this.#streamed?.decode() ?? ''
  }
}

/**
 * Of at most `TINY` bytes; nothing when one is not ASCII. One call for all of them takes a quarter of
 * the time that appending one after the other does; what is too much is cut off.
 */
function toAscii(chunk: Uint8Array): string {
  const { 0: a = 0, 1: b = 0, 2: c = 0, 3: d = 0, 4: e = 0, 5: f = 0, 6: g = 0, 7: h = 0 } = chunk
  if ((a | b | c | d | e | f | g | h) > 0x7f) return ''
  return String.fromCharCode(a, b, c, d, e, f, g, h).slice(0, chunk.length)
}
