import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Entry, LogState } from '@heartline/broker'
import { createParser, type ParsedEvent } from '@heartline/wire'
import { describeProblem, readProblem } from './problem.ts'
import {
  decodeEntries,
  decodeHead,
  decodeJson,
  decodeState,
  LOG_EVENTS,
  LOG_PATH,
  type LogGreeting,
} from './protocol.ts'
import type { RetryLadder } from './retry-ladder.ts'
import type { UpstreamHttp } from './upstream-http.ts'

/** A stream without a byte for so many heartbeats is dead. */
const SILENT_HEARTBEATS = 2.5
/** How long the head of the answer may take. */
const HEAD_TIMEOUT_MS = 10_000
/** One batch; the upstream cuts them far below, but one entry may be large and fully escaped. */
const MAX_BATCH_LENGTH = 256 * 1024 * 1024

/** Told what the stream of the log brings. What it throws ends this stream, not the process. */
export interface StreamListener {
  /** The cursor to go on after. Undefined: the end of the log. */
  cursor(): string | undefined
  onLog(greeting: LogGreeting): void
  onEntries(batch: readonly Entry[]): void
  onReset(state: LogState): void
  /** Whether the upstream itself follows its log. */
  onFollowing(following: boolean): void
  /** The stream ended; the next attempt comes after `retryMs`. `status` is that of a refusal. */
  onLost(reason: string, retryMs: number, status: number | undefined): void
}

/** The one stream of the log, across reconnections. */
export class UpstreamStream {
  readonly #http: UpstreamHttp
  readonly #listener: StreamListener
  readonly #ladder: RetryLadder
  #attempt: Attempt | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(http: UpstreamHttp, listener: StreamListener, ladder: RetryLadder) {
    this.#http = http
    this.#listener = listener
    this.#ladder = ladder
  }

  /** Connects. Call it once. */
  start(): void {
    if (this.#closed) return
    const cursor = this.#listener.cursor()
    const request = this.#http.stream(LOG_PATH, {
      accept: 'text/event-stream',
      ...(cursor === undefined ? {} : { 'last-event-id': cursor }),
    })
    const ended = (reason: string, status?: number): void => this.#lost(reason, status)
    this.#attempt = new Attempt(request, this.#listener, {
      greeted: () => this.#ladder.reset(),
      ended,
    })
  }

  /** Gives this connection up and makes another. */
  restart(reason: string): void {
    this.#attempt?.end(reason)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#attempt?.end('closed')
  }

  #lost(reason: string, status: number | undefined): void {
    this.#attempt = undefined
    if (this.#closed) return
    const retryMs = this.#ladder.next()
    this.#timer = setTimeout(() => this.start(), retryMs)
    this.#listener.onLost(reason, retryMs, status)
  }
}

interface AttemptEvents {
  greeted(): void
  ended(reason: string, status?: number): void
}

/** One connection. */
class Attempt {
  readonly #request: ClientRequest
  readonly #listener: StreamListener
  readonly #events: AttemptEvents
  #watchdog: NodeJS.Timeout
  #silenceMs = HEAD_TIMEOUT_MS
  #lastByteAt = performance.now()
  #over = false

  constructor(request: ClientRequest, listener: StreamListener, events: AttemptEvents) {
    this.#request = request
    this.#listener = listener
    this.#events = events
    this.#watchdog = setTimeout(() => this.#watch(), HEAD_TIMEOUT_MS)
    request.on('error', (error: NodeJS.ErrnoException) => this.end(error.code ?? error.message))
    request.once('close', () => this.end('the connection ended'))
    request.once('response', (response) => this.#open(response))
    request.end()
  }

  end(reason: string, status?: number): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#watchdog)
    this.#request.destroy()
    this.#events.ended(reason, status)
  }

  #open(response: IncomingMessage): void {
    this.#lastByteAt = performance.now()
    response.on('error', (error: NodeJS.ErrnoException) => this.end(error.code ?? error.message))
    if (response.statusCode !== 200) return this.#refused(response)
    const heartbeatMs = Number(response.headers['heartline-heartbeat'] ?? 0)
    this.#silenceMs = heartbeatMs > 0 ? heartbeatMs * SILENT_HEARTBEATS : 0
    this.#rearm()
    const parser = createParser(
      { onEvent: (event) => this.#take(event) },
      { maxEventLength: MAX_BATCH_LENGTH },
    )
    response.on('data', (chunk: Buffer) => {
      this.#lastByteAt = performance.now()
      this.#guard(() => parser.feed(chunk))
    })
    response.once('end', () => this.end('the stream ended'))
  }

  #refused(response: IncomingMessage): void {
    const status = response.statusCode ?? 0
    let text = ''
    response.on('data', (chunk: Buffer) => {
      if (text.length < 10_000) text += chunk.toString('utf8')
    })
    response.once('end', () => {
      this.end(describeProblem(readProblem(status, text)), status)
    })
  }

  #take(event: ParsedEvent): void {
    if (this.#over) return
    const content = decodeJson(event.data)
    switch (event.type) {
      case 'message':
        return this.#listener.onEntries(decodeEntries(content))
      case LOG_EVENTS.log: {
        this.#events.greeted()
        const { continues } = content as Partial<LogGreeting>
        return this.#listener.onLog({ ...decodeHead(content), continues: continues === true })
      }
      case LOG_EVENTS.reset:
        return this.#listener.onReset(decodeState(content))
      case LOG_EVENTS.live:
        return this.#listener.onFollowing(true)
      case LOG_EVENTS.stale:
        return this.#listener.onFollowing(false)
    }
  }

  /** What a newer upstream sends and this relay does not understand must not be passed over. */
  #guard(work: () => void): void {
    if (this.#over) return
    try {
      work()
    } catch (error) {
      this.end(error instanceof Error ? error.message : String(error))
    }
  }

  /** One timer that looks, instead of one that every chunk winds up again. */
  #watch(): void {
    const silentMs = performance.now() - this.#lastByteAt
    if (silentMs >= this.#silenceMs) this.end(`silent for ${Math.round(silentMs)} ms`)
    else this.#rearm(this.#silenceMs - silentMs)
  }

  #rearm(ms: number = this.#silenceMs): void {
    clearTimeout(this.#watchdog)
    if (this.#silenceMs > 0) this.#watchdog = setTimeout(() => this.#watch(), Math.ceil(ms))
  }
}
