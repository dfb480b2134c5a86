import type { Entry, ReadPage, ReadRequest } from '@heartline/broker'
import type { Block } from './block.ts'

/** Collects the entries of one page up to the limits of the request. */
export class PageBuilder {
  readonly after: number
  readonly until: number
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #entries: Entry[] = []
  #bytes = 0
  #through: number

  constructor(request: ReadRequest, after: number, until: number) {
    this.after = after
    this.until = until
    this.#maxEntries = Math.max(1, request.maxEntries ?? 500)
    this.#maxBytes = request.maxBytes ?? 1024 * 1024
    this.#through = after
  }

  /** Everything up to here was looked at. */
  get through(): number {
    return this.#through
  }

  get isDone(): boolean {
    return this.#through >= this.until || this.#isFull
  }

  /** How many more entries the page takes. */
  get room(): number {
    return this.#maxEntries - this.#entries.length
  }

  /** Takes the entries of a block that belong to the range. */
  addAll(block: Block): void {
    const end = Math.min(block.last, this.until)
    for (let offset = Math.max(block.first, this.#through + 1); offset <= end; offset++) {
      if (this.#isFull) return
      this.#add(block, offset)
    }
  }

  /** Takes some entries of a block. */
  addSome(block: Block, offsets: readonly number[]): void {
    for (const offset of offsets) {
      if (offset <= this.#through || offset > this.until) continue
      if (this.#isFull) return
      this.#add(block, offset)
    }
  }

  /** No entry that was not added matches up to the end of the range. */
  reachEnd(): void {
    this.#through = Math.max(this.#through, this.until)
  }

  finish(): ReadPage {
    return {
      entries: this.#entries,
      through: this.#through,
      done: this.#through >= this.until,
    }
  }

  get #isFull(): boolean {
    return this.#entries.length >= this.#maxEntries || this.#bytes > this.#maxBytes
  }

  #add(block: Block, offset: number): void {
    this.#entries.push(block.entryAt(offset))
    this.#bytes += block.bytesAt(offset)
    this.#through = offset
  }
}
