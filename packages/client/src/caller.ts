import type { Clock } from './clock.ts'
import type { RequestSource } from './request.ts'
import { within } from './within.ts'

/** What it is made with. */
export interface CallerSetup {
  readonly source: RequestSource
  readonly fetch: typeof fetch
  readonly clock: Clock
}

/** One request beside the stream: a `HEAD`, or a `POST` when there is a body. */
export interface Call<Value> {
  /** Which of the endpoints is asked. */
  readonly endpoint: number
  /** Default: that of the stream, for a `POST` without its query, which says what to read. */
  readonly url?: string
  /** JSON. */
  readonly body?: string
  /** With a new token. Default false. */
  readonly refresh?: boolean
  /** From the start to the end of `read`. Default 20,000. */
  readonly timeoutMs?: number
  /**
   * Reads the answer; what it leaves of the body is thrown away.
   *
   * @param ms How long the request took.
   */
  read(response: Response, ms: number): Value | Promise<Value>
}

const DEFAULT_TIMEOUT_MS = 20_000

/** Makes the requests beside the stream, each within a bounded time. */
export class Caller {
  readonly #setup: CallerSetup
  readonly #closing = new AbortController()

  constructor(setup: CallerSetup) {
    this.#setup = setup
  }

  /** Aborted when nothing may be asked any more. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Rejects when there is no answer, or none in time. */
  async call<Value>(call: Call<Value>): Promise<Value> {
    return within(this.#setup.clock, call.timeoutMs ?? DEFAULT_TIMEOUT_MS, (abort) => {
      const { signal } = abort
      this.closing.throwIfAborted()
      this.closing.addEventListener('abort', () => abort.abort(), { signal })
      return this.#send(call, signal)
    })
  }

  /** Ends what is under way. */
  close(): void {
    this.#closing.abort()
  }

  async #send<Value>(call: Call<Value>, signal: AbortSignal): Promise<Value> {
    const { source, fetch, clock } = this.#setup
    const { endpoint, body, refresh = false } = call
    const context = { attempt: 1, endpoint, lastEventId: '', refresh, silence: 0, signal }
    const url = call.url ?? (await source.url(context))
    const headers = await source.headers(context)
    if (body === undefined) headers.set('Accept', 'text/event-stream')
    else {
      if (url instanceof URL) url.search = ''
      headers.set('Content-Type', 'application/json')
    }
    const startedAt = clock.now()
    const response = await fetch(url, {
      method: body === undefined ? 'HEAD' : 'POST',
      // A plain object, as for streams.
      headers: Object.fromEntries(headers),
      body: body ?? null,
      signal,
    })
    return call.read(response, clock.now() - startedAt)
  }
}
