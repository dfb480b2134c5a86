import type { Item } from './item.ts'
import { reaches } from './place-order.ts'

const MOST_ITEMS = 1000
/** Of data, in characters. */
const MOST_CHARACTERS = 1_000_000

/** The newest items of the shared connection, for tabs whose place is not far behind. */
export class Ring {
  #items: Item[] = []
  #characters = 0
  /** The place after which the items come. Undefined when it has no id. */
  #start: string | undefined = ''

  /** Forgets everything: what comes now comes after this place. */
  restart(place: string): void {
    this.#items = []
    this.#characters = 0
    this.#start = place
  }

  add(item: Item): void {
    this.#items.push(item)
    this.#characters += sizeOf(item)
    while (this.#items.length > MOST_ITEMS || this.#characters > MOST_CHARACTERS) {
      const oldest = this.#items.shift() as Item
      this.#characters -= sizeOf(oldest)
      this.#start = oldest.id
    }
  }

  /** What comes after the place; undefined when the ring does not know all of it. */
  after(place: string): readonly Item[] | undefined {
    const items = this.#items
    // A reader without a place wants what a server sends first, which only the first one gets.
    if (place === '') return this.#start === '' && items.length === 0 ? items : undefined
    if (place === this.#start) return items.slice()
    const index = items.findLastIndex(({ id }) => id === place)
    if (index >= 0) return items.slice(index + 1)
    if (this.#start === undefined || this.#start === '' || !reaches(place, this.#start)) return
    return items.filter(({ id }) => id === undefined || !reaches(place, id))
  }
}

function sizeOf({ data = '' }: Item): number {
  return data.length
}
