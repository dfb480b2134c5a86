import { storedAt } from '../stream/ledger.ts'
import type { ReceivedEvent } from '../stream/state.ts'
import { make } from './dom.ts'
import { formatTime } from './format.ts'

/** Characters of data in a closed row. */
const PREVIEW = 300
/** Characters of data in an opened row: a megabyte of text would stop the page. */
const MAX_DETAIL = 100_000

/** One event of the list. A click opens it. */
export class EventRow {
  readonly element: HTMLLIElement
  readonly event: ReceivedEvent
  readonly #topic: HTMLElement
  #detail: HTMLElement | undefined

  constructor(event: ReceivedEvent) {
    const { type, data, cursor, receivedAt } = event
    this.event = event
    this.#topic = make('span', 'topic')
    this.element = make(
      'li',
      '',
      make('time', 'time', formatTime(storedAt(cursor) ?? receivedAt)),
      this.#topic,
      make('span', type === 'message' ? 'type plain' : 'type', type),
      make('span', 'data', data.length > PREVIEW ? `${data.slice(0, PREVIEW)}…` : data),
      make('span', 'cursor', shorten(cursor)),
    )
    this.element.tabIndex = 0
  }

  /** Topics are not part of the stream; they come later. */
  get hasTopic(): boolean {
    return this.#topic.textContent !== ''
  }

  setTopic(topic: string): void {
    this.#topic.textContent = topic
    this.#topic.title = topic
  }

  /** Opens or closes the whole event below the row. */
  toggle(): void {
    if (this.#detail === undefined) {
      const { cursor, data } = this.event
      this.#detail = make('pre', 'detail', `id: ${cursor}\n${pretty(data.slice(0, MAX_DETAIL))}`)
      this.element.append(this.#detail)
    } else {
      this.#detail.remove()
      this.#detail = undefined
    }
  }
}

/** Only the place: version and epoch are the same in every row. */
function shorten(cursor: string): string {
  return cursor.slice(cursor.lastIndexOf('.') + 1)
}

function pretty(data: string): string {
  try {
    return JSON.stringify(JSON.parse(data), null, 2)
  } catch {
    return data
  }
}
