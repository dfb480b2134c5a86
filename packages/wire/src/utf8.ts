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

/** Nothing when a byte is not ASCII. */
function toAscii(chunk: Uint8Array): string {
  let text = ''
  for (let index = 0; index < chunk.length; index++) {
    const byte = chunk[index] as number
    if (byte >= 0x80) return ''
    text += String.fromCharCode(byte)
  }
  return text
}
