import { find, make } from './dom.ts'
import { formatTime } from './format.ts'

const MAX_LINES = 200

/** How much a line of the journal matters. */
export type Weight = 'note' | 'good' | 'warning' | 'bad'

/** The log of connects, reconnects, gaps and drains, newest first. */
export class Journal {
  readonly #list = find('#journal', HTMLOListElement)

  add(weight: Weight, text: string): void {
    const time = make('time', 'time', formatTime(Date.now()))
    this.#list.prepend(make('li', weight, time, make('span', '', text)))
    if (this.#list.childElementCount > MAX_LINES) this.#list.lastElementChild?.remove()
  }
}
