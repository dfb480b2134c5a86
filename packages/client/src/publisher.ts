import type { HeartlineError } from '@heartline/wire'
import type { Clock } from './clock.ts'
import { closed, outboxFull, storeFailed, toError } from './errors.ts'
import { Backoff, type Ladder } from './ladder.ts'
import { isPassing, toNoAnswer, toRefusal, toRetryAfter } from './outcome.ts'
import type { Outbox, OutboxEntry } from './outbox/outbox.ts'
import { Pause } from './pause.ts'
import { readProblem } from './problem.ts'
import type { PublishEvent, PublishResult } from './publish-event.ts'
import type { RequestSource } from './request.ts'
import type { RequestContext } from './stream-request.ts'

/** What it is made with. */
export interface PublisherSetup {
  readonly source: RequestSource
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly random: () => number
  readonly ladder: Ladder
  readonly timeoutMs: number
  readonly maxWaiting: number
  readonly outbox: Outbox
  /** The endpoint in use. */
  endpoint(): number
  onError(error: HeartlineError): void
}

interface Waiting {
  readonly entry: OutboxEntry
  /** Resolved when the outbox has it: nothing is sent before. */
  readonly kept: Promise<void>
  resolve(results: readonly PublishResult[]): void
  reject(error: unknown): void
}

/** One answer: results, a refusal for good, or wait and try again. */
type Answer =
  | { readonly results: readonly PublishResult[] }
  | { readonly error: HeartlineError; readonly isFinal: boolean; readonly retryAfterMs?: number }

/**
 * Sends events in the order of the calls, one request at a time, and again until there is an answer.
 * Each event has its publish id, so that repeating a request whose answer was lost stores nothing
 * twice.
 */
export class Publisher {
  readonly #setup: PublisherSetup
  readonly #backoff: Backoff
  readonly #pause: Pause
  readonly #abort = new AbortController()
  readonly #waiting: Waiting[] = []
  #isRunning = false
  #isLoaded = false

  constructor(setup: PublisherSetup) {
    this.#setup = setup
    this.#backoff = new Backoff(setup.ladder, setup.random)
    this.#pause = new Pause(setup.clock)
  }

  /** Calls that wait for their answer. */
  get size(): number {
    return this.#waiting.length
  }

  /** Resolves when a server stored all of them. Rejects when it refuses them for good. */
  publish(events: readonly PublishEvent[]): Promise<readonly PublishResult[]> {
    const { maxWaiting: entries } = this.#setup
    if (this.#abort.signal.aborted) return Promise.reject(toError(closed))
    if (this.#waiting.length >= entries) return Promise.reject(toError(outboxFull, { entries }))
    const named = events.map((event) => ({ ...event, publishId: event.publishId ?? randomId() }))
    if (events.length === 0) return Promise.resolve([])
    const entry = { id: randomId(), events: named }
    const kept = this.#guard('saved', async () => this.#setup.outbox.add(entry))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, kept, resolve, reject })
      void this.#run()
    })
  }

  /** Sends what an outbox kept from before, or what waits: the network may be back. */
  flush(): void {
    this.#backoff.reset()
    this.#pause.hurry()
    void this.#run()
  }

  /** What waits is rejected; a durable outbox keeps it for the next time. */
  close(): void {
    this.#abort.abort()
    this.#pause.stop()
    for (const waiting of this.#waiting.splice(0)) waiting.reject(toError(closed))
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    if (!this.#isLoaded) await this.#guard('read', () => this.#load())
    while (this.#waiting.length > 0) await this.#sendFirst()
    this.#isRunning = false
  }

  async #load(): Promise<void> {
    this.#isLoaded = true
    const known = new Set(this.#waiting.map(({ entry }) => entry.id))
    const loaded = await this.#setup.outbox.load()
    const older = loaded.filter(({ id }) => !known.has(id))
    const reject = (error: unknown): void => this.#setup.onError(error as HeartlineError)
    const kept = Promise.resolve()
    this.#waiting.unshift(...older.map((entry) => ({ entry, kept, resolve: () => {}, reject })))
  }

  async #sendFirst(): Promise<void> {
    const first = this.#waiting[0] as Waiting
    await first.kept
    this.#pause.attempted()
    let answer = await this.#send(first.entry, false)
    const isStale = 'error' in answer && answer.error.details['status'] === 401
    if (isStale && this.#setup.source.canRefresh) answer = await this.#send(first.entry, true)
    if (this.#abort.signal.aborted) return
    if ('error' in answer && !answer.isFinal) {
      const { retryAfterMs = 0 } = answer
      await this.#pause.wait(this.#backoff.next(retryAfterMs), retryAfterMs)
      return
    }
    this.#backoff.reset()
    this.#waiting.shift()
    if ('error' in answer) first.reject(answer.error)
    else first.resolve(answer.results)
    await this.#guard('saved', async () => this.#setup.outbox.remove(first.entry.id))
  }

  async #send({ events }: OutboxEntry, refresh: boolean): Promise<Answer> {
    const { fetch, clock, timeoutMs, source } = this.#setup
    const abort = new AbortController()
    const stop = (): void => abort.abort()
    this.#abort.signal.addEventListener('abort', stop)
    const timer = clock.setTimer(stop, timeoutMs)
    let address = ''
    try {
      const context = this.#toContext(refresh, abort.signal)
      const url = await source.url(context)
      url.search = ''
      address = url.href
      const headers = await source.headers(context)
      headers.set('Content-Type', 'application/json')
      const body = JSON.stringify(events)
      const response = await fetch(address, { method: 'POST', headers, body, signal: abort.signal })
      if (response.ok) return { results: (await response.json()) as readonly PublishResult[] }
      return await toAnswer(response, address, clock.now())
    } catch (thrown) {
      return { error: toNoAnswer(address, thrown), isFinal: false }
    } finally {
      clock.clearTimer(timer)
      this.#abort.signal.removeEventListener('abort', stop)
    }
  }

  #toContext(refresh: boolean, signal: AbortSignal): RequestContext {
    const endpoint = this.#setup.endpoint()
    return { attempt: 1, endpoint, lastEventId: '', refresh, silence: 0, signal }
  }

  async #guard(act: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      this.#setup.onError(toError(storeFailed, { act, reason: String(thrown) }, thrown))
    }
  }
}

async function toAnswer(response: Response, url: string, now: number): Promise<Answer> {
  const error = toRefusal(await readProblem(response), url)
  const retryAfterMs = toRetryAfter(response.headers.get('Retry-After'), now) ?? 0
  return { error, isFinal: !isPassing(response.status), retryAfterMs }
}

/** Not `crypto.randomUUID`: that is missing on pages without TLS. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
