import type { Counts } from '../stream/ledger.ts'
import { find } from './dom.ts'
import { formatCount, formatRate } from './format.ts'

/** The row of figures. */
export class Tiles {
  readonly #events = find('#count-events', HTMLElement)
  readonly #rate = find('#count-rate', HTMLElement)
  readonly #delay = find('#count-delay', HTMLElement)
  readonly #gaps = find('#count-gaps', HTMLElement)
  readonly #duplicates = find('#count-duplicates', HTMLElement)
  readonly #reconnects = find('#count-reconnects', HTMLElement)
  readonly #heartbeats = find('#count-heartbeats', HTMLElement)

  /** `delayMs`: from stored to received; undefined while nothing came. */
  show(counts: Counts, rate: number, delayMs: number | undefined): void {
    this.#events.textContent = formatCount(counts.events)
    this.#rate.textContent = formatRate(rate)
    this.#delay.textContent = delayMs === undefined ? '–' : `${Math.max(0, delayMs)} ms`
    setWithMark(this.#gaps, counts.gaps)
    setWithMark(this.#duplicates, counts.duplicates)
    this.#reconnects.textContent = formatCount(counts.reconnects)
    this.#heartbeats.textContent = formatCount(counts.heartbeats)
  }
}

/** A figure that should be 0 is marked when it is not. */
function setWithMark(element: HTMLElement, count: number): void {
  element.textContent = formatCount(count)
  element.classList.toggle('marked', count > 0)
}
