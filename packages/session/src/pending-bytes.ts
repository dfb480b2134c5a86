/** Framed bytes a blocked session still owes its reader, in order. */
export class PendingBytes {
  #parts: Uint8Array[] = []
  #bytes = 0

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes
  }

  push(part: Uint8Array): void {
    this.#parts.push(part)
    this.#bytes += part.length
  }

  /** Takes everything out as one piece: one write, however many events waited. */
  take(): Uint8Array {
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
