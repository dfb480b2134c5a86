/** Counts what came, and what should have come. */
export class Account {
  events = 0
  /** Numbers that were left out, or came twice or late, without a gap that admits it. */
  missing = 0
  gaps = 0
  readonly #last = new Map<string, number>()

  add(pair: string, n: number): void {
    const last = this.#last.get(pair)
    this.events++
    if (last !== undefined && n !== last + 1) this.missing += Math.max(1, n - last - 1)
    this.#last.set(pair, n)
  }

  /** A hole was admitted: the next number of each may be any. */
  gap(): void {
    this.gaps++
    this.#last.clear()
  }
}
