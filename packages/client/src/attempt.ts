import {
  createParser,
  HeartlineError,
  type ErrorEntry,
  type EventParser,
  type ParsedEvent,
} from '@heartline/wire'
import type { Clock } from './clock.ts'
import { connectTimeout, noFirstByte, silent, streamEnded, toError } from './errors.ts'
import { orAbort } from './or-abort.ts'
import type { Judge, Outcome } from './outcome.ts'
import type { Patience } from './patience.ts'
import type { PreparedRequest } from './stream-request.ts'
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
  readonly judge: Judge
  /** The longest event; undefined: as the parser has it. */
  readonly maxEventLength: number | undefined
}

/** Who makes an attempt: asked what it needs, and told what it meets. */
export interface AttemptHost {
  prepare(signal: AbortSignal): Promise<PreparedRequest>
  /** Why an answer is no stream. */
  refuse(response: Response, url: string): Promise<Outcome | undefined>
  onOpen(response: Response, heartbeatMs: number): void
  /** The items of one chunk. Nothing more is read until the promise is settled. */
  onItems(items: readonly StreamItem[]): void | Promise<void>
  onRetry(ms: number): void
  onComment(text: string): void
}

/** One request, and the stream that it opens, from beginning to end. */
export class Attempt {
  readonly #setup: AttemptSetup
  readonly #host: AttemptHost
  readonly #abort = new AbortController()
  readonly #watchdog: Watchdog
  #items: StreamItem[] = []
  /** The last item holds only the id of a block whose event may follow. */
  #isIdOnly = false
  #url = ''
  /** What silence means now. */
  #silence: ErrorEntry = connectTimeout
  #heartbeatMs = 0
  /** Why it was ended from this side. */
  #verdict: HeartlineError | undefined

  constructor(setup: AttemptSetup, host: AttemptHost) {
    this.#setup = setup
    this.#host = host
    this.#watchdog = new Watchdog(setup.clock, (ms) => {
      this.end(toError(this.#silence, { url: this.#url, ms }))
    })
  }

  /** Ends it from this side. @param reason Missing when nobody asks for the outcome any more. */
  end(reason?: HeartlineError): void {
    this.#verdict ??= reason
    this.#watchdog.stop()
    this.#abort.abort(reason)
  }

  /** The machine or the page woke up. */
  woke(): void {
    this.#watchdog.woke()
  }

  /** Never rejects. */
  async run(lastEventId: string): Promise<Outcome> {
    const { signal } = this.#abort
    try {
      // It may have been ended before it began.
      signal.throwIfAborted()
      this.#watchdog.expect(this.#setup.patience.connectMs)
      const response = await this.#open(signal)
      const refusal = await orAbort(signal, this.#host.refuse(response, this.#url))
      if (refusal !== undefined) return refusal
      return await this.#read(response, lastEventId)
    } catch (thrown) {
      return this.#toOutcome(thrown)
    } finally {
      this.#watchdog.stop()
      // Also closes the connection of an answer that was not read to its end.
      this.#abort.abort()
    }
  }

  async #open(signal: AbortSignal): Promise<Response> {
    const { url, init } = await orAbort(signal, this.#host.prepare(signal))
    // A query may hold a ticket, which belongs into no message.
    this.#url = url.replace(/[?#].*/s, '')
    // Called without `this`: browsers refuse their fetch as a method of something else.
    const { fetch } = this.#setup
    return orAbort(signal, fetch(url, init))
  }

  async #read(response: Response, lastEventId: string): Promise<Outcome> {
    const advertised = Number(response.headers.get('Heartline-Heartbeat'))
    // What is no number, or below 0, would be looked after all the time.
    const heartbeatMs = advertised > 0 ? advertised : 0
    this.#heartbeatMs = heartbeatMs
    this.#silence = noFirstByte
    const { firstByteMs = heartbeatMs > 0 ? DEFAULT_FIRST_BYTE_MS : 0 } = this.#setup.patience
    this.#watchdog.expect(firstByteMs)
    this.#host.onOpen(response, heartbeatMs)
    if (response.body !== null) await this.#readBody(response.body, this.#createParser(lastEventId))
    if (this.#verdict !== undefined) throw this.#verdict
    return { error: toError(streamEnded, { url: this.#url }), verdict: 'retry', isClean: true }
  }

  async #readBody(body: ReadableStream<Uint8Array>, parser: EventParser): Promise<void> {
    const reader = body.getReader()
    // Not every `fetch` ends the body when its signal says so.
    const cancel = (): void => void reader.cancel().catch(() => {})
    this.#abort.signal.addEventListener('abort', cancel, { once: true })
    // Ends with the cancellation, too.
    for (;;) {
      const { value, done } = await reader.read()
      if (done || this.#verdict !== undefined) return
      this.#watchdog.fed()
      if (this.#silence === noFirstByte) this.#expectHeartbeats(this.#heartbeatMs)
      try {
        parser.feed(value)
      } finally {
        await this.#deliver()
      }
    }
  }

  /** Hands over what the chunk held, also when it held something that ends the stream. */
  async #deliver(): Promise<void> {
    this.#isIdOnly = false
    if (this.#items.length === 0) return
    const items = this.#items
    this.#items = []
    const waiting = this.#host.onItems(items)
    if (waiting === undefined) return
    // While nothing is read, silence says nothing.
    this.#watchdog.stop()
    await waiting
    if (this.#verdict === undefined) this.#expectHeartbeats(this.#heartbeatMs)
  }

  #createParser(lastEventId: string): EventParser {
    const { maxEventLength } = this.#setup
    return createParser(
      {
        onEvent: (event) => this.#take(event),
        onId: (id) => {
          this.#items.push({ type: '', data: undefined, id, hasOwnId: true })
          this.#isIdOnly = true
        },
        onRetry: (ms) => this.#host.onRetry(ms),
        onComment: (text) => {
          const interval = INTERVAL.exec(text)?.[1]
          if (interval !== undefined) this.#expectHeartbeats(Number(interval))
          this.#host.onComment(text)
        },
      },
      { lastEventId, maxEventLength },
    )
  }

  #take({ type, data, lastEventId: id }: ParsedEvent): void {
    const hasOwnId = this.#isIdOnly
    this.#isIdOnly = false
    if (hasOwnId) this.#items.pop()
    this.#items.push({ type, data, id, hasOwnId })
  }

  #expectHeartbeats(heartbeatMs: number): void {
    const { silentMs, silentHeartbeats } = this.#setup.patience
    this.#heartbeatMs = heartbeatMs
    this.#silence = silent
    if (heartbeatMs === 0) this.#watchdog.expect(silentMs)
    else this.#watchdog.expect(heartbeatMs * silentHeartbeats, heartbeatMs * AWAKE_HEARTBEATS)
  }

  #toOutcome(thrown: unknown): Outcome {
    if (this.#verdict !== undefined) return { error: this.#verdict, verdict: 'retry' }
    if (thrown instanceof HeartlineError) {
      // A request that cannot be made may be possible later; an event beyond the bound comes again.
      return { error: thrown, verdict: thrown.retryable ? 'retry' : 'stop' }
    }
    const wasAnswered = this.#silence !== connectTimeout
    return this.#setup.judge.explain(this.#url, thrown, wasAnswered)
  }
}
