/** Framed bytes a blocked session still owes its reader, in order. */
export class PendingBytes {
  /** What is left of a write that was begun. It goes first. */
  #rest: Uint8Array | undefined
  #parts: Uint8Array[] = []
  #bytes = 0

  /** How many bytes wait to be written, without the rest of a write that was begun. */
  get bytes(): number {
    return this.#bytes
  }

  push(part: Uint8Array): void {
    this.#parts.push(part)
    this.#bytes += part.length
  }

  /** Keeps what is left of a write that was begun. */
  putBack(rest: Uint8Array): void {
    this.#rest = rest
  }

  /** Takes the next write out: what was begun, then all else as one, however many events waited. */
  take(): Uint8Array | undefined {
    const rest = this.#rest
    this.#rest = undefined
    if (rest !== undefined) return rest
    return this.#bytes === 0 ? undefined : this.#takeAll()
  }

  #takeAll(): Uint8Array {
    const all = new Uint8Array(this.#bytes)
    let at = 0
    for (const part of this.#parts) {
      all.set(part, at)
      at += part.length
    }
    this.#parts = []
    this.#bytes = 0
    return all
  }
}
