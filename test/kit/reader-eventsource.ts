import { EventSource } from 'eventsource'
import type { Reader, ReaderHandler } from './reader.ts'

const TYPES = ['message', 'heartline.gap'] as const

/** The npm package `eventsource`. It reconnects by itself, with the hub's `retry:`. */
export class EventSourceReader implements Reader {
  readonly name = 'eventsource'
  connects = 0
  readonly #source: EventSource

  constructor(url: string, handler: ReaderHandler) {
    this.#source = new EventSource(url)
    this.#source.addEventListener('open', () => {
      this.connects++
    })
    for (const type of TYPES) {
      this.#source.addEventListener(type, (event: MessageEvent<string>) =>
        handler.onEvent({ type: event.type, data: event.data, id: event.lastEventId }),
      )
    }
  }

  /** True when it gave up, as it does after an answer that is not a stream. */
  get gaveUp(): boolean {
    return this.#source.readyState === this.#source.CLOSED
  }

  close(): Promise<void> {
    this.#source.close()
    return Promise.resolve()
  }
}
