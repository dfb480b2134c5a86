const MIN_CAPACITY = 4

/**
 * A queue with an index, in a ring of slots.
 *
 * `Array.prototype.shift` moves every element of a large array; here both ends cost O(1), and the
 * ring shrinks again, so that a burst does not keep its memory.
 */
export class Deque<T> {
  #slots: (T | undefined)[] = newSlots(MIN_CAPACITY)
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** The element at `index`, counted from the oldest. Undefined outside. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#length) return undefined
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)]
  }

  push(value: T): void {
    if (this.#length === this.#slots.length) this.#resize(this.#length * 2)
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = value
    this.#length++
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const value = this.#slots[this.#head]
    // The slot must let go, or the ring keeps what was trimmed alive.
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.#length--
    if (this.#slots.length > MIN_CAPACITY && this.#length * 4 <= this.#slots.length) {
      this.#resize(this.#slots.length / 2)
    }
    return value
  }

  clear(): void {
    this.#slots = newSlots(MIN_CAPACITY)
    this.#head = 0
    this.#length = 0
  }

  #resize(capacity: number): void {
    const slots = newSlots<T>(capacity)
    for (let index = 0; index < this.#length; index++) slots[index] = this.at(index)
    this.#slots = slots
    this.#head = 0
  }
}

function newSlots<T>(capacity: number): (T | undefined)[] {
  return Array.from<T | undefined>({ length: capacity }).fill(undefined)
}

/** The first index in `[0, length)` whose value is larger than `value`, else `length`. */
export function firstAfter(sorted: Deque<number>, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted.at(middle) ?? Infinity) <= value) low = middle + 1
    else high = middle
  }
  return low
}
