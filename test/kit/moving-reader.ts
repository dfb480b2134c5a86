import { RawReader } from './reader-raw.ts'
import type { ReaderHandler } from './reader.ts'

/** A reader that goes from one hub to another and takes only its cursor along. */
export class MovingReader {
  readonly #urls: readonly string[]
  readonly #handler: ReaderHandler
  #reader: RawReader | undefined
  #moves = 0

  /** The addresses of the same stream at several hubs of one log. */
  constructor(urls: readonly string[], handler: ReaderHandler) {
    this.#urls = urls
    this.#handler = handler
    this.#open()
  }

  get moves(): number {
    return this.#moves
  }

  /** Leaves its hub, wherever the stream is, and goes on at the next. */
  async move(): Promise<void> {
    await this.close()
    this.#moves++
    this.#open()
  }

  async close(): Promise<void> {
    await this.#reader?.close()
  }

  #open(): void {
    const cursor = this.#reader?.lastEventId ?? ''
    const url = this.#urls[this.#moves % this.#urls.length] ?? ''
    const resume = cursor === '' ? '' : `&lastEventId=${encodeURIComponent(cursor)}`
    const name = `moving ${this.#moves}`
    const reader = new RawReader({ url: `${url}${resume}`, name }, this.#handler)
    reader.lastEventId = cursor
    this.#reader = reader
  }
}
