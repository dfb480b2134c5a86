import { createParser, type EventParser } from '@heartline/wire'

/** One event on its way from one tab to another, or a block that only has an id. */
export interface Item {
  readonly type: string
  readonly data?: string | undefined
  /** Undefined when the event had none of its own. */
  readonly id?: string | undefined
  /** Those of its topics that the connection asked for, where the server tells them. */
  readonly topics?: readonly string[] | undefined
}

const TOPICS = /^heartline topics=(\[.*\])$/

/** Reads the bytes of a stream as items. */
export class ItemReader {
  readonly #parser: EventParser
  #items: Item[] = []
  #id: string | undefined
  #topics: readonly string[] | undefined

  /** @param onComment Told every comment but those with topics. */
  constructor(maxEventLength: number | undefined, onComment: (text: string) => void) {
    this.#parser = createParser(
      {
        onEvent: ({ type, data }) => {
          this.#items.push({ type, data, id: this.#id, topics: this.#topics })
          this.#id = this.#topics = undefined
        },
        onId: (id) => {
          this.#closeBlock()
          this.#id = id
        },
        onComment: (text) => {
          const topics = TOPICS.exec(text)?.[1]
          if (topics === undefined) onComment(text)
          else this.#topics = JSON.parse(topics) as string[]
        },
      },
      { maxEventLength },
    )
  }

  /** The items that a chunk completes. @throws HeartlineError `HL_EVENT_TOO_LARGE` */
  feed(chunk: Uint8Array): readonly Item[] {
    this.#parser.feed(chunk)
    this.#closeBlock()
    const items = this.#items
    this.#items = []
    return items
  }

  /** A block without data leaves only its id. */
  #closeBlock(): void {
    if (this.#id !== undefined) this.#items.push({ type: '', id: this.#id })
    this.#id = undefined
  }
}

/** The item as the text of a stream. The parser left no line end in type and id. */
export function toText({ type, data, id }: Item): string {
  const lines = id === undefined ? [] : [`id: ${id}`]
  if (data !== undefined) {
    if (type !== 'message') lines.push(`event: ${type}`)
    for (const line of data.split('\n')) lines.push(`data: ${line}`)
  }
  return `${lines.join('\n')}\n\n`
}
