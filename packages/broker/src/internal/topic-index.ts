import { Deque, firstAfter } from './deque.ts'

/** One topic's list and how far a merge has read it. */
interface ListCursor {
  readonly offsets: Deque<number>
  index: number
}

/** For every topic the offsets of its entries, so that a read by topics costs what matches. */
export class TopicIndex {
  /** With a hundred thousand topics most have one entry: a list for each would cost more than it. */
  readonly #lists = new Map<string, number | Deque<number>>()

  /** How many topics have entries. */
  get size(): number {
    return this.#lists.size
  }

  add(topics: readonly string[], offset: number): void {
    for (const topic of topics) {
      const known = this.#lists.get(topic)
      if (known === undefined) this.#lists.set(topic, offset)
      // An entry may name a topic twice.
      else if (typeof known === 'number') {
        if (known !== offset) this.#lists.set(topic, listOf(known, offset))
      } else if (known.at(known.length - 1) !== offset) known.push(offset)
    }
  }

  /** Forgets the oldest entry of the log. */
  removeOldest(topics: readonly string[], offset: number): void {
    for (const topic of topics) {
      const list = this.#lists.get(topic)
      if (list === undefined) continue
      if (typeof list === 'number') {
        if (list === offset) this.#lists.delete(topic)
        continue
      }
      if (list.at(0) !== offset) continue
      list.shift()
      if (list.length === 0) this.#lists.delete(topic)
    }
  }

  /** The offsets in `(after, until]` that carry one of the topics, in order, each once. */
  *offsets(topics: readonly string[], after: number, until: number): Generator<number> {
    const cursors = this.#cursors(topics, after)
    let next = smallest(cursors)
    while (next <= until) {
      yield next
      for (const cursor of cursors) if (cursor.offsets.at(cursor.index) === next) cursor.index++
      next = smallest(cursors)
    }
  }

  clear(): void {
    this.#lists.clear()
  }

  #cursors(topics: readonly string[], after: number): ListCursor[] {
    const cursors: ListCursor[] = []
    for (const topic of new Set(topics)) {
      const known = this.#lists.get(topic)
      const offsets = typeof known === 'number' ? listOf(known) : known
      if (offsets !== undefined) cursors.push({ offsets, index: firstAfter(offsets, after) })
    }
    return cursors
  }
}

function listOf(...offsets: readonly number[]): Deque<number> {
  const list = new Deque<number>()
  for (const offset of offsets) list.push(offset)
  return list
}

/** Infinity when every list is at its end. */
function smallest(cursors: readonly ListCursor[]): number {
  let least = Infinity
  for (const { offsets, index } of cursors) least = Math.min(least, offsets.at(index) ?? Infinity)
  return least
}
