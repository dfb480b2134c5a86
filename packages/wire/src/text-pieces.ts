/** Appending shares instead of copying; so many characters grow like that before they are set aside. */
const SET_ASIDE_AT = 4096

/**
 * Text that grows piece by piece: a line whose end has not come yet, the lines of long data.
 * Nothing that was added is looked at or copied again before the text is complete, or a long line
 * in small chunks would take quadratic time.
 */
export class TextPieces {
  #aside: string[] = []
  #text = ''

  add(piece: string): void {
    this.#text += piece
    if (this.#text.length < SET_ASIDE_AT) return
    // A string that was appended to is a tree of its pieces, with 32 bytes for each until a character
    // is read. A line of a million tiny pieces would take many times the memory of its text.
    this.#text.charCodeAt(0)
    this.#aside.push(this.#text)
    this.#text = ''
  }

  /** The whole text; nothing is held afterwards. */
  take(): string {
    const text = this.#aside.length === 0 ? this.#text : this.#aside.join('') + this.#text
    this.clear()
    return text
  }

  clear(): void {
    this.#text = ''
    if (this.#aside.length > 0) this.#aside = []
  }
}
