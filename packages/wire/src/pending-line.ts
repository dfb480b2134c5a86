/** How many pieces are held one by one before they are folded into one string. */
const FOLD_AT = 4096

/**
 * A line whose end has not come yet, in pieces. Nothing that was added is looked at or copied
 * again before the line is complete, or a long line in small chunks would take quadratic time;
 * and pieces are folded now and then, because an array of a million one-letter strings takes many
 * times the memory of their text.
 */
export class PendingLine {
  #pieces: string[] = []
  #folded: string[] = []

  get isEmpty(): boolean {
    return this.#pieces.length === 0 && this.#folded.length === 0
  }

  add(piece: string): void {
    this.#pieces.push(piece)
    if (this.#pieces.length < FOLD_AT) return
    this.#folded.push(this.#pieces.join(''))
    this.#pieces = []
  }

  /** The whole line; nothing is held afterwards. */
  take(): string {
    const line =
      this.#folded.length === 0 && this.#pieces.length === 1
        ? (this.#pieces[0] as string)
        : this.#folded.join('') + this.#pieces.join('')
    this.clear()
    return line
  }

  clear(): void {
    this.#pieces = []
    this.#folded = []
  }
}
