import { createParser, HeartlineError, type ParsedEvent } from '@heartline/wire'
import { Backoff } from './backoff.ts'
import { toUnreachable, type Endpoint } from './endpoint.ts'
import { toRefusal } from './problem-error.ts'

/** A stream without a byte for so many heartbeats is dead. */
const SILENT_HEARTBEATS = 2.5
/** However long a server asks to wait. */
const MAX_RETRY_MS = 600_000
/** The event that forbids to come back. */
const STAY_AWAY = 'heartline.end'

/** What to read, and from where. */
export interface StreamRequest {
  readonly endpoint: Endpoint
  readonly selectors: readonly string[]
  /** `earliest`, `latest` or a cursor. */
  readonly since?: string | undefined
  readonly lastEventId?: string | undefined
}

/** Told what happens. */
export interface StreamListener {
  /** Also control events (`heartline.*`). */
  onEvent(event: ParsedEvent): void
  onOpen(): void
  /** The stream broke or was refused for now; the next attempt comes after `waitMs`. */
  onRetry(reason: string, waitMs: number): void
}

/** Reads a stream across reconnections until it is stopped or refused for good. */
export class StreamReader {
  readonly #request: StreamRequest
  readonly #listener: StreamListener
  readonly #backoff: Backoff
  readonly #stop = new AbortController()
  #lastEventId: string
  #retryMs = 0
  #mustStayAway = false

  constructor(request: StreamRequest, listener: StreamListener, random: () => number) {
    this.#request = request
    this.#listener = listener
    this.#backoff = new Backoff(random)
    this.#lastEventId = request.lastEventId ?? ''
  }

  stop(): void {
    this.#stop.abort()
  }

  /** Resolves when stopped or told to stay away. Rejects when the hub refuses with a status that no retry changes. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const { reason, floorMs } = await this.#readOnce()
      if (this.#stop.signal.aborted || this.#mustStayAway) return
      const waitMs = this.#backoff.next(Math.max(floorMs, this.#retryMs))
      this.#listener.onRetry(reason, Math.round(waitMs))
      await this.#sleep(waitMs)
    }
  }

  async #readOnce(): Promise<{ reason: string; floorMs: number }> {
    const attempt = new AbortController()
    const abort = (): void => attempt.abort()
    this.#stop.signal.addEventListener('abort', abort)
    try {
      const response = await this.#open(attempt.signal)
      if (!response.ok || response.body === null) return await this.#refused(response)
      this.#backoff.reset()
      this.#listener.onOpen()
      await this.#consume(response, attempt)
      return { reason: 'the stream ended', floorMs: 0 }
    } catch (error) {
      if (error instanceof HeartlineError) throw error
      return { reason: toUnreachable(this.#request.endpoint.url, error).message, floorMs: 0 }
    } finally {
      this.#stop.signal.removeEventListener('abort', abort)
      attempt.abort()
    }
  }

  #open(signal: AbortSignal): Promise<Response> {
    const { endpoint, selectors, since } = this.#request
    const query = new URLSearchParams(
      selectors.map((selector): [string, string] => ['topic', selector]),
    )
    if (since !== undefined && this.#lastEventId === '') query.set('since', since)
    const headers: Record<string, string> = { ...endpoint.headers, accept: 'text/event-stream' }
    if (this.#lastEventId !== '') headers['last-event-id'] = this.#lastEventId
    return fetch(`${endpoint.url}/v1/events?${query.toString()}`, { headers, signal })
  }

  async #refused(response: Response): Promise<{ reason: string; floorMs: number }> {
    const error = await toRefusal(response)
    if (!error.retryable) throw error
    const seconds = Number(response.headers.get('retry-after') ?? 0)
    return { reason: error.message, floorMs: Number.isFinite(seconds) ? seconds * 1000 : 0 }
  }

  async #consume(response: Response, attempt: AbortController): Promise<void> {
    const parser = createParser(
      {
        onEvent: (event) => this.#take(event),
        onRetry: (ms) => (this.#retryMs = Math.min(ms, MAX_RETRY_MS)),
        onId: (id) => (this.#lastEventId = id),
      },
      { lastEventId: this.#lastEventId },
    )
    const heartbeatMs = Number(response.headers.get('heartline-heartbeat') ?? 0)
    const silenceMs = heartbeatMs * SILENT_HEARTBEATS
    const watch = (): NodeJS.Timeout | undefined =>
      silenceMs > 0 ? setTimeout(() => attempt.abort(), silenceMs) : undefined
    let watchdog = watch()
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        clearTimeout(watchdog)
        watchdog = watch()
        parser.feed(chunk)
        if (this.#mustStayAway) break
      }
    } finally {
      clearTimeout(watchdog)
      this.#lastEventId = parser.lastEventId
    }
  }

  #take(event: ParsedEvent): void {
    this.#listener.onEvent(event)
    // An administrator ended the session without leave to come back.
    if (event.type === STAY_AWAY) this.#mustStayAway = true
  }

  #sleep(ms: number): Promise<void> {
    const { signal } = this.#stop
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      signal.addEventListener('abort', done, { once: true })
      function done(): void {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
    })
  }
}
