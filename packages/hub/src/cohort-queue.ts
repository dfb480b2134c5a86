/** What waits in a queue: its own link to the next, so that waiting costs no memory. */
export interface Queued<Item> {
  /** Only the queue it is in writes this. */
  next: Item | undefined
}

/** First in, first out, however many there are. An item is in one queue at most, and once. */
export class CohortQueue<Item extends Queued<Item>> {
  #first: Item | undefined
  #last: Item | undefined

  get isEmpty(): boolean {
    return this.#first === undefined
  }

  push(item: Item): void {
    if (this.#last === undefined) this.#first = item
    else this.#last.next = item
    this.#last = item
  }

  shift(): Item | undefined {
    const item = this.#first
    if (item === undefined) return undefined
    this.#first = item.next
    if (item.next === undefined) this.#last = undefined
    item.next = undefined
    return item
  }

  /** Takes over all that the other holds, behind its own. O(1). */
  append(other: CohortQueue<Item>): void {
    const first = other.#first
    if (first === undefined) return
    if (this.#last === undefined) this.#first = first
    else this.#last.next = first
    this.#last = other.#last
    other.#first = undefined
    other.#last = undefined
  }
}
