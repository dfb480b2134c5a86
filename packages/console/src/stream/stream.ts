import { createParser, type EventParser, type ParsedEvent } from '@heartline/wire'
import type { HubApi } from '../hub/hub-api.ts'
import { readProblem, toRecord, unreachable, type Problem } from '../hub/problem.ts'
import { backoffMs } from './backoff.ts'
import type { StreamObserver } from './state.ts'
import { Watchdog } from './watchdog.ts'

const CONTROL = 'heartline.'
/** The first comment of a stream, sent again when the interval changes. */
const INTERVAL = /^heartline heartbeat=(\d+)$/
const DEFAULT_RETRY_MS = 2_000
/** A timer takes no more; a server's larger wish means the same to a person who waits. */
const MAX_RETRY_MS = 3_600_000

/** What to read. */
export interface StreamRequest {
  readonly selector: string
  readonly since: 'latest' | 'earliest'
}

/**
 * One stream that comes back by itself with its cursor. It uses fetch, because a native
 * EventSource hears only the event types that it was told before, and cannot send a token.
 */
export class Stream {
  readonly #api: HubApi
  readonly #request: StreamRequest
  readonly #observer: StreamObserver
  readonly #stopped = new AbortController()
  #cursor = ''
  #retryMs = DEFAULT_RETRY_MS
  #failures = 0
  /** Ends the wait for the next attempt. */
  #wake: () => void = () => {}

  constructor(api: HubApi, request: StreamRequest, observer: StreamObserver) {
    this.#api = api
    this.#request = request
    this.#observer = observer
    void this.#run()
  }

  /** Tries again now instead of when the wait is over. */
  hurry(): void {
    this.#wake()
  }

  /** Nothing is observed after this. */
  stop(): void {
    this.#stopped.abort()
    this.#wake()
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      this.#observer.onState({ name: 'connecting' })
      const end = await this.#connect()
      if (this.#stopped.signal.aborted) return
      if (end.refused !== undefined) {
        this.#observer.onState({ name: 'refused', problem: end.refused })
        return
      }
      this.#failures += 1
      const waitMs = Math.max(
        backoffMs(this.#failures, this.#retryMs, Math.random()),
        end.retryAfterMs ?? 0,
      )
      this.#observer.onState({ name: 'waiting', until: Date.now() + waitMs, reason: end.reason })
      await this.#sleep(waitMs)
    }
  }

  async #connect(): Promise<StreamEnd> {
    const attempt = new AbortController()
    const signal = AbortSignal.any([attempt.signal, this.#stopped.signal])
    const watchdog = new Watchdog(() => attempt.abort(new Error('nothing came in for too long')))
    try {
      watchdog.expect(undefined)
      const response = await this.#api.openStream(this.#query(), this.#cursor, signal)
      if (response.status !== 200 || response.body === null) return await toEnd(response)
      watchdog.expect(response.headers.get('Heartline-Heartbeat'))
      this.#observer.onState({ name: 'live', since: Date.now() })
      await this.#read(response.body, watchdog)
      return { reason: 'the hub ended the stream' }
    } catch (error) {
      const cause: unknown = attempt.signal.aborted ? attempt.signal.reason : error
      return { reason: unreachable(cause).detail }
    } finally {
      watchdog.stop()
      // Also closes a connection whose reading was given up because of an error in it.
      attempt.abort()
    }
  }

  async #read(body: ReadableStream<Uint8Array>, watchdog: Watchdog): Promise<void> {
    const reader = body.getReader()
    const parser = this.#createParser(watchdog)
    for (;;) {
      const { value, done } = await reader.read()
      if (done || this.#stopped.signal.aborted) return
      watchdog.fed()
      parser.feed(value)
    }
  }

  #createParser(watchdog: Watchdog): EventParser {
    return createParser(
      {
        onEvent: (event) => this.#receive(event),
        onId: (id) => {
          this.#cursor = id
          // Now the stream has a place again: what went wrong before is over.
          this.#failures = 0
        },
        onRetry: (ms) => {
          this.#retryMs = Math.min(ms, MAX_RETRY_MS)
        },
        onComment: (text) => {
          if (text.startsWith('hb ')) this.#observer.onHeartbeat()
          const interval = INTERVAL.exec(text)?.[1]
          if (interval !== undefined) watchdog.expect(interval)
        },
      },
      { lastEventId: this.#cursor },
    )
  }

  #receive(event: ParsedEvent): void {
    if (this.#stopped.signal.aborted) return
    const { type, data, lastEventId: cursor } = event
    if (type === 'heartbeat') {
      this.#observer.onHeartbeat()
    } else if (type.startsWith(CONTROL)) {
      const name = type.slice(CONTROL.length)
      this.#observer.onControl({ name, data: toRecord(data), cursor })
    } else {
      this.#observer.onEvent({ type, data, cursor, receivedAt: Date.now() })
    }
  }

  #query(): URLSearchParams {
    const query = new URLSearchParams({ topic: this.#request.selector })
    // The header wins on the way back, so this counts for the first connection only.
    if (this.#request.since === 'earliest') query.set('since', 'earliest')
    return query
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

interface StreamEnd {
  readonly reason: string
  readonly retryAfterMs?: number
  readonly refused?: Problem
}

async function toEnd(response: Response): Promise<StreamEnd> {
  const problem = await readProblem(response)
  const reason = problem.detail || problem.title
  const isBusy = response.status >= 500 || response.status === 429
  if (!isBusy) return { reason, refused: problem }
  const seconds = Number(response.headers.get('Retry-After') ?? 0)
  return { reason, retryAfterMs: Number.isFinite(seconds) ? seconds * 1_000 : 0 }
}
