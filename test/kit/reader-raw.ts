import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { createParser } from '@heartline/wire'
import type { Random } from './random.ts'
import type { Reader, ReaderHandler } from './reader.ts'

export interface RawReaderOptions {
  readonly url: string
  readonly name?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default `Math.random`. */
  readonly random?: Random | undefined
  /** Reconnection time until the hub has told one, in milliseconds. Default 100. */
  readonly retryMs?: number | undefined
}

const LONGEST_BACKOFF_MS = 2_000

/** Node's HTTP client with our parser: reconnects with a jittered back-off and `Last-Event-ID`. */
export class RawReader implements Reader {
  readonly name: string
  connects = 0
  /** The status of every answer that was not a stream. */
  readonly refusals: number[] = []
  lastEventId = ''
  readonly #options: RawReaderOptions
  readonly #handler: ReaderHandler
  readonly #random: Random
  #retryMs: number
  #failures = 0
  #isClosed = false
  #isPaused = false
  #call: ClientRequest | undefined
  #response: IncomingMessage | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: RawReaderOptions, handler: ReaderHandler) {
    this.#options = options
    this.#handler = handler
    this.#random = options.random ?? Math.random
    this.#retryMs = options.retryMs ?? 100
    this.name = options.name ?? 'raw'
    this.#connect()
  }

  /** Stops reading from the socket. The kernel's buffers fill, then the hub cannot write. */
  pause(): void {
    this.#isPaused = true
    this.#response?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#response?.resume()
  }

  close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#call?.destroy()
    return Promise.resolve()
  }

  #connect(): void {
    const headers: Record<string, string> = {
      accept: 'text/event-stream',
      ...this.#options.headers,
    }
    if (this.lastEventId !== '') headers['last-event-id'] = this.lastEventId
    // Without an agent there is one connection for one stream, as with a browser's.
    const call = request(this.#options.url, { headers, agent: false })
    this.#call = call
    call.on('response', (response) => this.#follow(response))
    // A connection that breaks says `error`, or only `close` once the answer has begun.
    call.on('error', () => {})
    call.on('close', () => this.#lost(call))
    call.end()
  }

  #follow(response: IncomingMessage): void {
    this.#response = response
    if (response.statusCode !== 200) {
      this.refusals.push(response.statusCode ?? 0)
      response.resume()
      return
    }
    this.connects++
    const parser = createParser(
      {
        onEvent: ({ type, data, lastEventId }) => {
          this.#failures = 0
          this.lastEventId = lastEventId
          this.#handler.onEvent({ type, data, id: lastEventId })
        },
        onComment: (text) => this.#handler.onComment?.(text),
        onRetry: (ms) => {
          this.#retryMs = ms
        },
      },
      { lastEventId: this.lastEventId },
    )
    response.on('data', (chunk: Buffer) => parser.feed(chunk))
    response.on('error', () => {})
    if (this.#isPaused) response.pause()
  }

  #lost(call: ClientRequest): void {
    if (this.#isClosed || call !== this.#call) return
    this.#response = undefined
    const backoff = Math.min(
      LONGEST_BACKOFF_MS,
      this.#retryMs * 1.5 ** Math.min(this.#failures, 20),
    )
    this.#failures++
    this.#timer = setTimeout(() => this.#connect(), backoff * (1 + this.#random() * 0.3))
  }
}
