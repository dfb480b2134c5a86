import { createParser, HeartlineError, type ParsedEvent } from '@heartline/wire'
import type { Clock } from './clock.ts'
import { broken, connectTimeout, noFirstByte, silent, streamEnded, toError } from './errors.ts'
import { deepestReason, toNoAnswer, type Outcome } from './outcome.ts'
import type { PreparedRequest } from './request.ts'
import { Watchdog } from './watchdog.ts'

/** One event of the stream, or only the id of a block without data. */
export interface StreamItem {
  readonly type: string
  /** Undefined for a block that has an id and no data. */
  readonly data: string | undefined
  /** As of this item. */
  readonly id: string
  /** False when the id is that of an event before. */
  readonly hasOwnId: boolean
}

/** When to give up. All in milliseconds; 0 = never. */
export interface Patience {
  /** From the start of a request to its answer. Default 20,000. */
  readonly connectMs: number
  /**
   * From the answer to the first byte of its body. Default 10,000 for servers that advertise
   * heartbeats: those send their first bytes at once. Without: never.
   */
  readonly firstByteMs: number | undefined
  /** Silence when the server advertises no heartbeat. Default 0. */
  readonly silentMs: number
  /** Silence in advertised heartbeat intervals. Default 2.5. */
  readonly silentHeartbeats: number
}

const DEFAULT_FIRST_BYTE_MS = 10_000
/** After a sleep, one heartbeat that did not come tells enough. */
const AWAKE_HEARTBEATS = 1.2
/** The first comment of a hub's stream, sent again when the interval changes. */
const INTERVAL = /^heartline heartbeat=(\d{1,9})$/

/** What an attempt is made with. */
export interface AttemptSetup {
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly patience: Patience
  readonly maxEventBytes: number | undefined
  readonly lastEventId: string
  prepare(signal: AbortSignal): Promise<PreparedRequest>
  /** Why an answer is no stream. */
  refuse(response: Response, url: string): Promise<Outcome | undefined>
}

/** Told what one attempt meets. */
export interface AttemptListener {
  onOpen(response: Response, heartbeatMs: number): void
  /** The items of one chunk. Nothing more is read until the promise is settled. */
  onItems(items: readonly StreamItem[]): void | Promise<void>
  onRetry(ms: number): void
  onComment(text: string): void
}

/** One request, and the stream that it opens, from beginning to end. */
export class Attempt {
  readonly #setup: AttemptSetup
  readonly #listener: AttemptListener
  readonly #abort = new AbortController()
  readonly #watchdog: Watchdog
  #items: StreamItem[] = []
  /** The id of the block being read, if it has one of its own. */
  #ownId: string | undefined
  #url = ''
  #silence: (ms: number) => HeartlineError
  #heartbeatMs = 0
  #isOpen = false
  #isFirstByteHere = false
  /** Why it was ended from this side. */
  #verdict: HeartlineError | undefined

  constructor(setup: AttemptSetup, listener: AttemptListener) {
    this.#setup = setup
    this.#listener = listener
    this.#silence = (ms) => toError(connectTimeout, { url: this.#url, ms })
    this.#watchdog = new Watchdog(setup.clock, (ms) => this.end(this.#silence(ms)))
  }

  /** Ends it from this side. */
  end(reason: HeartlineError): void {
    this.#verdict ??= reason
    this.#watchdog.stop()
    this.#abort.abort(reason)
  }

  /** The machine or the page woke up. */
  woke(): void {
    this.#watchdog.woke()
  }

  /** Never rejects. */
  async run(): Promise<Outcome> {
    try {
      this.#watchdog.expect(this.#setup.patience.connectMs)
      const response = await this.#open()
      const refusal = await this.#setup.refuse(response, this.#url)
      if (refusal !== undefined) return refusal
      return await this.#read(response)
    } catch (thrown) {
      return this.#toOutcome(thrown)
    } finally {
      this.#watchdog.stop()
      // Also closes the connection of an answer that was not read to its end.
      this.#abort.abort()
    }
  }

  async #open(): Promise<Response> {
    const { signal } = this.#abort
    const { url, init } = await this.#orAbort(this.#setup.prepare(signal))
    // A query may hold a ticket, which belongs into no message.
    this.#url = url.replace(/[?#].*/s, '')
    // Called without `this`: browsers refuse their fetch as a method of something else.
    const { fetch } = this.#setup
    return this.#orAbort(fetch(url, init))
  }

  /** Does not wait for a function of the caller that never returns. */
  #orAbort<Value>(promise: Promise<Value>): Promise<Value> {
    const { signal } = this.#abort
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      promise.then(resolve, reject)
    })
  }

  async #read(response: Response): Promise<Outcome> {
    this.#isOpen = true
    const heartbeatMs = Number(response.headers.get('Heartline-Heartbeat') ?? 0) || 0
    this.#expectFirstByte(heartbeatMs)
    this.#listener.onOpen(response, heartbeatMs)
    if (response.body !== null) await this.#readBody(response.body)
    if (this.#verdict !== undefined) throw this.#verdict
    return { error: toError(streamEnded, { url: this.#url }), verdict: 'retry', isClean: true }
  }

  async #readBody(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader()
    const parser = this.#createParser()
    // Not every `fetch` ends the body when its signal says so.
    const cancel = (): void => void reader.cancel().catch(() => {})
    this.#abort.signal.addEventListener('abort', cancel, { once: true })
    while (this.#verdict === undefined) {
      const { value, done } = await reader.read()
      if (done || this.#verdict !== undefined) return
      this.#fed()
      try {
        parser.feed(value)
      } finally {
        await this.#deliver()
      }
    }
  }

  /** Hands over what the chunk held, also when it held something that ends the stream. */
  async #deliver(): Promise<void> {
    this.#closeBlock()
    if (this.#items.length === 0) return
    const items = this.#items
    this.#items = []
    const waiting = this.#listener.onItems(items)
    if (waiting === undefined) return
    // While nothing is read, silence says nothing.
    this.#watchdog.stop()
    await waiting
    if (this.#verdict === undefined) this.#expectHeartbeats(this.#heartbeatMs)
  }

  #createParser(): ReturnType<typeof createParser> {
    const { lastEventId, maxEventBytes } = this.#setup
    return createParser(
      {
        onEvent: (event) => this.#take(event),
        onId: (id) => {
          this.#closeBlock()
          this.#ownId = id
        },
        onRetry: (ms) => this.#listener.onRetry(ms),
        onComment: (text) => {
          const interval = INTERVAL.exec(text)?.[1]
          if (interval !== undefined) this.#expectHeartbeats(Number(interval))
          this.#listener.onComment(text)
        },
      },
      { lastEventId, maxEventBytes },
    )
  }

  #take({ type, data, lastEventId: id }: ParsedEvent): void {
    const hasOwnId = this.#ownId !== undefined
    this.#ownId = undefined
    this.#items.push({ type, data, id, hasOwnId })
  }

  /** A block that ended without data leaves its id behind. */
  #closeBlock(): void {
    const id = this.#ownId
    this.#ownId = undefined
    if (id !== undefined) this.#items.push({ type: '', data: undefined, id, hasOwnId: true })
  }

  #fed(): void {
    this.#watchdog.fed()
    if (this.#isFirstByteHere) return
    this.#isFirstByteHere = true
    this.#expectHeartbeats(this.#heartbeatMs)
  }

  #expectFirstByte(heartbeatMs: number): void {
    this.#heartbeatMs = heartbeatMs
    this.#silence = (ms) => toError(noFirstByte, { url: this.#url, ms })
    const { firstByteMs } = this.#setup.patience
    const byDefault = heartbeatMs > 0 ? DEFAULT_FIRST_BYTE_MS : 0
    this.#watchdog.expect(firstByteMs ?? byDefault)
  }

  #expectHeartbeats(heartbeatMs: number): void {
    const { silentMs, silentHeartbeats } = this.#setup.patience
    this.#heartbeatMs = heartbeatMs
    this.#silence = (ms) => toError(silent, { url: this.#url, ms })
    if (heartbeatMs === 0) this.#watchdog.expect(silentMs)
    else this.#watchdog.expect(heartbeatMs * silentHeartbeats, heartbeatMs * AWAKE_HEARTBEATS)
  }

  #toOutcome(thrown: unknown): Outcome {
    const url = this.#url
    if (this.#verdict !== undefined) return { error: this.#verdict, verdict: 'retry' }
    if (thrown instanceof HeartlineError) {
      // A request that cannot be made may be possible later; an event beyond the bound comes again.
      return { error: thrown, verdict: thrown.retryable ? 'retry' : 'stop' }
    }
    if (this.#isOpen) {
      return {
        error: toError(broken, { url, reason: deepestReason(thrown) }, thrown),
        verdict: 'retry',
      }
    }
    return { error: toNoAnswer(url, thrown), verdict: 'retry' }
  }
}
