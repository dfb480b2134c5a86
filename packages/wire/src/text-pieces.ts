/** How many pieces are held one by one before they are folded into one string. */
const FOLD_AT = 4096

/**
 * Text that grows piece by piece: a line whose end has not come yet, the lines of long data.
 * Nothing that was added is looked at or copied again before the text is complete, or a long line
 * in small chunks would take quadratic time; and pieces are folded now and then, because a
 * million tiny strings take many times the memory of their text.
 */
export class TextPieces {
  #pieces: string[] = []
  #folded: string[] = []

  add(piece: string): void {
    this.#pieces.push(piece)
    if (this.#pieces.length < FOLD_AT) return
    this.#folded.push(this.#pieces.join(''))
    this.#pieces = []
  }

  /** The whole text; nothing is held afterwards. */
  take(): string {
    if (this.#pieces.length === 1 && this.#folded.length === 0) return this.#pieces.pop() as string
    const text = this.#folded.join('') + this.#pieces.join('')
    this.clear()
    return text
  }

  clear(): void {
    this.#pieces = []
    this.#folded = []
  }
}
