import { createParser, type ParsedEvent } from '@heartline/wire'
import { until } from '../../../client/test/kit/until.ts'

/** More than any test sends. */
const MAX_EVENT_LENGTH = 64 * 1_048_576

/** Reads a stream as the standard says, and keeps its text. */
export class StreamReader {
  readonly events: ParsedEvent[] = []
  readonly comments: string[] = []
  text = ''
  isOver = false
  isBroken = false
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>

  readonly response: Response

  constructor(response: Response) {
    this.response = response
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader()
    void this.#read()
  }

  /** The data of every `next`, parsed. */
  get results(): any[] {
    return this.events
      .filter((event) => event.type === 'next')
      .map((event) => JSON.parse(event.data))
  }

  get isComplete(): boolean {
    return this.events.at(-1)?.type === 'complete'
  }

  async count(n: number): Promise<ParsedEvent[]> {
    await until(() => this.events.length >= n, `${n} events come`)
    return this.events
  }

  async end(): Promise<void> {
    await until(() => this.isOver, 'the stream ends')
  }

  leave(): void {
    void this.#reader.cancel().catch(() => undefined)
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder()
    const onEvent = (event: ParsedEvent): void => void this.events.push(event)
    const onComment = (text: string): void => void this.comments.push(text)
    const parser = createParser({ onEvent, onComment }, { maxEventLength: MAX_EVENT_LENGTH })
    try {
      for (;;) {
        const { value, done } = await this.#reader.read()
        if (done) break
        this.text += decoder.decode(value, { stream: true })
        parser.feed(value)
      }
    } catch {
      this.isBroken = true
    }
    this.isOver = true
  }
}
