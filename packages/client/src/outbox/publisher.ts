import type { HeartlineError, PublishEvent, PublishResult } from '@heartline/wire'
import { closed, dataInvalid, outboxFull, reasonOf, toError } from '../errors.ts'
import { Backoff } from '../ladder.ts'
import { toRefusal, type Outcome } from '../outcome.ts'
import { Pause } from '../pause.ts'
import { withStore } from '../store/with-store.ts'
import { within } from '../within.ts'
import type { OutboxStore } from './outbox-store.ts'
import type { OutboxSender, OutboxSetup } from './outbox.ts'

/** How much it takes on. */
export interface PublisherLimits {
  readonly maxWaiting: number
  readonly timeoutMs: number
}

/** What it is made with. */
export interface PublisherSetup extends OutboxSetup, PublisherLimits {
  readonly store: OutboxStore
  /** Entries of open clients with the same outbox: each sends its own. */
  readonly taken: Set<string>
}

/** A store that does not answer for so long is done without. */
const STORE_MS = 5000

interface Waiting {
  readonly id: string
  readonly body: string
  /** Resolved when the store has it: nothing is sent before. */
  readonly kept: Promise<void>
  resolve(results: readonly PublishResult[]): void
  reject(error: HeartlineError): void
}

type Answer =
  | { readonly verdict: 'stored'; readonly results: readonly PublishResult[] }
  | { readonly verdict: 'retry'; readonly retryAfterMs?: number | undefined }
  | Outcome

/**
 * Sends events in the order of the calls, one request at a time, and again until there is an answer.
 * Each event has its publish id, so that repeating a request whose answer was lost stores nothing
 * twice.
 */
export class Publisher implements OutboxSender {
  readonly #setup: PublisherSetup
  readonly #backoff: Backoff
  readonly #pause: Pause
  readonly #waiting: Waiting[] = []
  #isRunning = false
  #isLoaded = false

  constructor(setup: PublisherSetup) {
    this.#setup = setup
    this.#backoff = new Backoff(setup.ladder, setup.random)
    this.#pause = new Pause(setup.clock)
  }

  get size(): number {
    return this.#waiting.length
  }

  async publish(given: readonly PublishEvent[]): Promise<readonly PublishResult[]> {
    const { maxWaiting: entries, caller, taken } = this.#setup
    if (caller.closing.aborted) throw toError(closed)
    if (this.#waiting.length >= entries) throw toError(outboxFull, { entries })
    if (given.length === 0) return []
    const id = randomId()
    const events = given.map((event) => ({ ...event, publishId: event.publishId ?? randomId() }))
    const body = toBody(events)
    taken.add(id)
    // As it is now: the caller may change its objects, and a database takes methods away.
    const entry = { id, events: JSON.parse(body) as PublishEvent[] }
    const kept = this.#keep('saved', (store) => store.add(entry))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, body, kept, resolve, reject })
      void this.#run()
    })
  }

  flush(): void {
    this.#backoff.reset()
    this.#pause.hurry()
    // Others may have left something.
    this.#isLoaded = false
    void this.#run()
  }

  close(): void {
    this.#pause.stop()
    for (const waiting of this.#waiting.splice(0)) {
      this.#setup.taken.delete(waiting.id)
      waiting.reject(toError(closed))
    }
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    for (;;) {
      // Also when somebody asked for it during the last request.
      if (!this.#isLoaded) await this.#keep('read', (store) => this.#load(store))
      if (this.#waiting.length === 0 || this.#setup.caller.closing.aborted) break
      await this.#sendFirst()
    }
    this.#isRunning = false
  }

  async #load(store: OutboxStore): Promise<void> {
    this.#isLoaded = true
    const { caller, onError, taken } = this.#setup
    // Before, too: what another client was done with meanwhile may still be read.
    const before = new Set(taken)
    const kept = await store.load()
    if (caller.closing.aborted) return
    const older = kept.filter(({ id }) => !before.has(id) && !taken.has(id))
    // Nobody waits for these: when the client ends, they stay for the next one.
    const reject = (error: HeartlineError): void => {
      if (error.code !== closed.code) onError(error)
    }
    const shared = { kept: Promise.resolve(), resolve: () => {}, reject }
    const waiting = older.map(({ id, events }) => {
      taken.add(id)
      return { ...shared, id, body: toBody(events) }
    })
    this.#waiting.unshift(...waiting)
  }

  async #sendFirst(): Promise<void> {
    const { caller, canRefresh, taken } = this.#setup
    const first = this.#waiting[0] as Waiting
    await first.kept
    this.#pause.attempted()
    let answer = await this.#send(first, false)
    if (answer.verdict === 'refresh' && canRefresh) answer = await this.#send(first, true)
    if (caller.closing.aborted) return
    if (answer.verdict === 'retry') {
      const leastMs = Math.min(answer.retryAfterMs ?? 0, this.#setup.ladder.maxServerMs)
      return this.#pause.wait(this.#backoff.next(leastMs), leastMs)
    }
    this.#backoff.reset()
    this.#waiting.shift()
    if (answer.verdict === 'stored') first.resolve(answer.results)
    else first.reject(answer.error)
    await this.#keep('saved', (store) => store.remove(first.id))
    taken.delete(first.id)
  }

  #send({ body }: Waiting, refresh: boolean): Promise<Answer> {
    const { caller, clock, timeoutMs, endpoint } = this.#setup
    const read = async (response: Response): Promise<Answer> => {
      if (!response.ok) return toRefusal(response, { url: response.url, now: clock.now() })
      return { verdict: 'stored', results: (await response.json()) as readonly PublishResult[] }
    }
    return caller
      .call({ endpoint: endpoint(), body, refresh, timeoutMs, read })
      .catch(() => ({ verdict: 'retry' }))
  }

  /** Goes on without a store that fails, or does not answer. */
  async #keep(act: string, work: (store: OutboxStore) => unknown): Promise<void> {
    const { clock, store, onError } = this.#setup
    await withStore(act, () => within(clock, STORE_MS, async () => work(store)), onError)
  }
}

/** What JSON cannot say is refused now: it would be tried for ever. */
function toBody(events: readonly PublishEvent[]): string {
  try {
    return JSON.stringify(events)
  } catch (thrown) {
    throw toError(dataInvalid, { type: 'publish', reason: reasonOf(thrown) }, thrown)
  }
}

/** Not `crypto.randomUUID`: that is missing on pages without TLS. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
