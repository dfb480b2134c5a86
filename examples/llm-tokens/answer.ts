/** Writes an answer, and stops when told: the client of your model takes the same signal. */
export type Model = (prompt: string, signal: AbortSignal) => AsyncIterable<string>

interface Token {
  readonly id?: string | undefined
  readonly type: string
  readonly data: string
}

/** What a model writes while somebody reads it. Kept, so that readers come back at their token. */
export class Answer {
  state: 'writing' | 'done' | 'cancelled' = 'writing'
  readonly #tokens: string[] = []
  readonly #cancel = new AbortController()
  readonly #waiting = new Set<() => void>()
  readonly #lingerMs: number
  #readers = 0

  /**
   * @param lingerMs How long the model goes on without a reader: one that was cut comes back.
   */
  constructor(model: Model, prompt: string, lingerMs = 10_000) {
    this.#lingerMs = lingerMs
    void this.#write(model, prompt)
  }

  get length(): number {
    return this.#tokens.length
  }

  /** The tokens behind the one with this number, and each new one as it is written. */
  async *read(after: number, signal: AbortSignal): AsyncGenerator<Token> {
    this.#readers++
    const stop = (): void => this.#wake()
    signal.addEventListener('abort', stop)
    try {
      for (let at = after; !signal.aborted;) {
        const token = this.#tokens[at]
        if (token !== undefined) yield { id: String(++at), type: 'token', data: token }
        else if (this.state === 'writing') await this.#more()
        else return yield { type: this.state, data: '' }
      }
    } finally {
      signal.removeEventListener('abort', stop)
      if (--this.#readers === 0) setTimeout(() => this.#cancelUnread(), this.#lingerMs).unref()
    }
  }

  async #write(model: Model, prompt: string): Promise<void> {
    try {
      for await (const token of model(prompt, this.#cancel.signal)) {
        this.#tokens.push(token)
        this.#wake()
      }
      this.state = 'done'
    } catch {
      this.state = 'cancelled'
    }
    this.#wake()
  }

  #cancelUnread(): void {
    if (this.#readers === 0) this.#cancel.abort()
  }

  #more(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.add(resolve))
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
