const LF = 0x0a
/** The line of an event that has no data, as gqlgen ends its streams. */
const COMPLETE = /^event: ?complete\r?$/
const DATA = /^data(:|\r?$)/
/** No line that matters is longer. */
const MAX_LINE = 32
const DATA_LINE = new TextEncoder().encode('data:\n')
const CR_BYTE = Uint8Array.of(0x0d)

/**
 * A `fetch` whose event streams have a data line in every `complete`. gqlgen leaves it out, and an
 * event without data is none for a reader that follows the HTML standard.
 */
export function completing(given: typeof fetch | undefined): typeof fetch {
  const ask: typeof fetch = given ?? ((...request) => globalThis.fetch(...request))
  return async (...request) => {
    const response = await ask(...request)
    const isStream = response.headers.get('Content-Type')?.startsWith('text/event-stream') === true
    if (!isStream || response.body === null) return response
    const { status, headers, url, redirected } = response
    const body = response.body.pipeThrough(new TransformStream(new DataLines()))
    const whole = new Response(body, { status, headers })
    // What a response that is made by hand does not say.
    return Object.defineProperties(whole, {
      url: { value: url },
      redirected: { value: redirected },
    })
  }
}

/** Adds `data:` to a `complete` without it. Everything else passes as it is. */
class DataLines implements Transformer<Uint8Array, Uint8Array> {
  /** The start of the line that is being read. */
  #line = ''
  #isComplete = false
  #hasData = false
  /** A CR at the start of a line, which may be half of the end of the block. */
  #isHeld = false

  transform(chunk: Uint8Array, controller: TransformStreamDefaultController<Uint8Array>): void {
    let from = 0
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      const start = from
      from = at + 1
      this.#read(chunk.subarray(start, at))
      const isEnd = this.#line === '' || this.#line === '\r'
      if (isEnd && this.#isComplete && !this.#hasData) controller.enqueue(DATA_LINE)
      this.flush(controller)
      controller.enqueue(chunk.subarray(start, from))
      this.#endLine(isEnd)
    }
    if (from === chunk.length) return
    this.flush(controller)
    this.#read(chunk.subarray(from))
    this.#isHeld = this.#line === '\r'
    if (!this.#isHeld) controller.enqueue(chunk.subarray(from))
  }

  flush(controller: TransformStreamDefaultController<Uint8Array>): void {
    if (this.#isHeld) controller.enqueue(CR_BYTE)
    this.#isHeld = false
  }

  #read(bytes: Uint8Array): void {
    const room = MAX_LINE - this.#line.length
    if (room > 0) this.#line += String.fromCharCode(...bytes.subarray(0, room))
  }

  #endLine(isEnd: boolean): void {
    if (isEnd) {
      this.#isComplete = false
      this.#hasData = false
    } else if (this.#line.startsWith('event')) {
      this.#isComplete = COMPLETE.test(this.#line)
    } else if (DATA.test(this.#line)) {
      this.#hasData = true
    }
    this.#line = ''
  }
}
