/**
 * Answers that are owed on one connection. They become ready in any order and leave in that of
 * their requests (RFC 9112, 9.3.2).
 */
export class AnswerQueue {
  readonly #texts: (string | undefined)[] = []
  #first = 0

  /** How many requests have no answer yet, or one that waits for those before it. */
  get size(): number {
    return this.#texts.length
  }

  /** Takes a place for the next request. */
  owe(): number {
    this.#texts.push(undefined)
    return this.#first + this.#texts.length - 1
  }

  /** Brings the answer of one place. Returns what may leave now; empty when it must wait. */
  settle(place: number, text: string): string {
    this.#texts[place - this.#first] = text
    let ready = ''
    for (let next = this.#texts[0]; next !== undefined; next = this.#texts[0]) {
      ready += next
      this.#texts.shift()
      this.#first++
    }
    return ready
  }
}
