import { createParser, type ParsedEvent } from '@heartline/wire'

/** What came in over one stream, as text and as events. */
export class Received {
  text = ''
  bytes = 0
  readonly events: ParsedEvent[] = []
  readonly comments: string[] = []
  readonly #decoder = new TextDecoder()
  readonly #parser = createParser({
    onEvent: (event) => void this.events.push(event),
    onComment: (comment) => void this.comments.push(comment),
  })

  take(chunk: Uint8Array): void {
    this.bytes += chunk.length
    this.text += this.#decoder.decode(chunk, { stream: true })
    this.#parser.feed(chunk)
  }
}

/** Waits until a condition holds; fails loudly after `limitMs`. */
export async function until(holds: () => unknown, what = '', limitMs = 15_000): Promise<void> {
  const end = Date.now() + limitMs
  while (!holds()) {
    if (Date.now() > end) throw new Error(`Waited ${limitMs} ms in vain: ${what || String(holds)}`)
    await sleep(5)
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms))
}
