/**
 * Decodes a stream of UTF-8 that is cut anywhere, exactly as `TextDecoder` with `stream: true`
 * does, and keeps a byte order mark.
 *
 * A decoder that never streams is several times faster for ASCII in Node.js, and half as fast for
 * anything else. So a chunk goes to it while the stream looks like ASCII and the chunk ends with
 * an ASCII byte: then nothing is carried over from one chunk to the next.
 */
export class Utf8Stream {
  /** Refuses what is not valid: else U+FFFD could pass for ASCII, one for each byte. */
  readonly #whole: TextDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
  #streamed: TextDecoder | undefined
  #useStreamed = false
  #isAscii = false

  /** The last chunk was ASCII as a whole. False when that would have to be looked at. */
  get isAscii(): boolean {
    return this.#isAscii
  }

  decode(chunk: Uint8Array): string {
    this.#isAscii = false
    if (chunk.length === 0) return ''
    const last = chunk[chunk.length - 1] as number
    const endsClean = last < 0x80
    if (this.#useStreamed || !endsClean) return this.#decodeStreamed(chunk, endsClean)
    try {
      // A call of the decoder costs more than the rest of the work on one byte.
      const text = chunk.length === 1 ? String.fromCharCode(last) : this.#whole.decode(chunk)
      this.#isAscii = text.length === chunk.length
      this.#useStreamed = !this.#isAscii
      return text
    } catch {
      return this.#decodeStreamed(chunk, endsClean)
    }
  }

  /** The text of a character that never came to its end: U+FFFD, or nothing. */
  flush(): string {
    this.#isAscii = false
    if (!this.#useStreamed) return ''
    this.#useStreamed = false
    return this.#streamed?.decode() ?? ''
  }

  #decodeStreamed(chunk: Uint8Array, endsClean: boolean): string {
    this.#streamed ??= new TextDecoder('utf-8', { ignoreBOM: true })
    const text = this.#streamed.decode(chunk, { stream: true })
    this.#useStreamed = !endsClean || text.length !== chunk.length
    return text
  }
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
