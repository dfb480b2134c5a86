import type { ReceivedEvent } from '../stream/state.ts'
import { find } from './dom.ts'
import { EventRow } from './event-row.ts'

/** Rows in the page, and events that wait while it is paused. */
const MAX_ROWS = 500
/** Shortest time between two changes of the page: its cost stays bounded at any rate. */
const RENDER_MS = 120

/** The newest events, newest first. */
export class EventList {
  readonly #list = find('#events', HTMLOListElement)
  readonly #empty = find('#events-empty', HTMLElement)
  /** Newest first, like the page. */
  #rows: EventRow[] = []
  #waiting: ReceivedEvent[] = []
  #renderedAt = 0
  #isScheduled = false
  #isPaused = false

  constructor() {
    this.#list.addEventListener('click', (event) => this.#toggle(event.target))
    this.#list.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.#toggle(event.target)
    })
  }

  /** Events that came in while paused and are kept. */
  get waiting(): number {
    return this.#isPaused ? this.#waiting.length : 0
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  add(event: ReceivedEvent): void {
    this.#waiting.push(event)
    if (this.#waiting.length > 2 * MAX_ROWS) this.#waiting = this.#waiting.slice(-MAX_ROWS)
    this.#schedule()
  }

  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused
    this.#schedule()
  }

  clear(): void {
    this.#rows = []
    this.#waiting = []
    this.#list.replaceChildren()
    this.#empty.hidden = false
  }

  /**
   * The newest rows that still wait for their topic, at most `max`, and the cursor of the event
   * before them (undefined when the page does not show one).
   */
  withoutTopic(max: number): { readonly rows: readonly EventRow[]; readonly before?: string } {
    const rows = this.#rows.filter((row) => !row.hasTopic && row.event.cursor !== '').slice(0, max)
    const oldest = rows.at(-1)
    const older = oldest && this.#rows[this.#rows.indexOf(oldest) + 1]
    return older === undefined ? { rows } : { rows, before: older.event.cursor }
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isPaused) return
    this.#isScheduled = true
    const waitMs = Math.max(this.#renderedAt + RENDER_MS - performance.now(), 0)
    setTimeout(() => requestAnimationFrame(() => this.#render()), waitMs)
  }

  #render(): void {
    this.#isScheduled = false
    if (this.#isPaused || this.#waiting.length === 0) return
    const added = this.#waiting.slice(-MAX_ROWS).map((event) => new EventRow(event))
    this.#waiting = []
    this.#rows = [...added.toReversed(), ...this.#rows]
    for (const row of this.#rows.splice(MAX_ROWS)) row.element.remove()
    this.#list.prepend(...this.#rows.slice(0, added.length).map((row) => row.element))
    this.#empty.hidden = true
    this.#renderedAt = performance.now()
  }

  #toggle(target: EventTarget | null): void {
    // Marking text to copy it is not a click.
    if (!(target instanceof Element) || document.getSelection()?.isCollapsed === false) return
    if (target.closest('.detail') !== null) return
    const element = target.closest('li')
    this.#rows.find((row) => row.element === element)?.toggle()
  }
}
