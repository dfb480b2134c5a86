import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type { UpstreamAddress } from './upstream-address.ts'

/** One answer is held in memory: a page of the log, each text of it escaped. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
/** Questions at the same time; what is more waits. */
const MAX_SOCKETS = 16

/** What became of a request. */
export type Outcome =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  /** `arrived` is false only when the upstream certainly has seen nothing of it. */
  | { readonly kind: 'failed'; readonly arrived: boolean; readonly reason: string }

export interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** JSON. */
  readonly body?: string | undefined
  readonly timeoutMs: number
}

/** Requests to the upstream on connections that are kept. Not `fetch`: it knows no unix sockets. */
export class UpstreamHttp {
  readonly #address: UpstreamAddress
  readonly #token: () => string | undefined
  readonly #agent: http.Agent
  #headers: Readonly<Record<string, string>> = {}

  constructor(address: UpstreamAddress, token: () => string | undefined) {
    this.#address = address
    this.#token = token
    const { Agent } = address.isTls ? https : http
    this.#agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, noDelay: true })
  }

  /** Never rejects. */
  ask(question: Question): Promise<Outcome> {
    return new Promise((resolve) => new Asking(this.#send(question), question, resolve).start())
  }

  /**
   * A request for a stream on a connection of its own, with a fresh token, which the questions
   * after it use too. The caller ends it with `destroy`.
   */
  stream(path: string, headers: Readonly<Record<string, string>>): ClientRequest {
    const token = this.#token()
    this.#headers = {
      'heartline-client': 'relay',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    return this.#request({ ...this.#options('GET', path, headers), agent: false })
  }

  close(): void {
    this.#agent.destroy()
  }

  #send({ method, path, body }: Question): ClientRequest {
    if (body === undefined) return this.#request(this.#options(method, path, {}))
    const length = String(Buffer.byteLength(body))
    const content = { 'content-type': 'application/json', 'content-length': length }
    return this.#request(this.#options(method, path, content))
  }

  #options(method: string, path: string, more: Readonly<Record<string, string>>): RequestOptions {
    const { target, prefix } = this.#address
    const headers = { ...this.#headers, ...more }
    return { ...target, method, path: `${prefix}${path}`, headers, agent: this.#agent }
  }

  #request(options: RequestOptions): ClientRequest {
    return this.#address.isTls ? https.request(options) : http.request(options)
  }
}

/** One question until it is answered or lost. */
class Asking {
  readonly #request: ClientRequest
  readonly #question: Question
  readonly #resolve: (outcome: Outcome) => void
  readonly #chunks: Buffer[] = []
  #bytes = 0
  #arrived = false

  constructor(request: ClientRequest, question: Question, resolve: (outcome: Outcome) => void) {
    this.#request = request
    this.#question = question
    this.#resolve = resolve
  }

  start(): void {
    const request = this.#request
    const { body, timeoutMs } = this.#question
    const timer = setTimeout(() => this.#fail('no answer in time'), timeoutMs)
    request.once('close', () => {
      clearTimeout(timer)
      this.#fail('the connection ended')
    })
    request.once('socket', (socket) => this.#watch(socket))
    request.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message))
    request.once('response', (response) => this.#read(response))
    request.end(body)
  }

  /** Before a connection stands, nothing can have been sent on it. */
  #watch(socket: Socket): void {
    if (!socket.connecting) this.#arrived = true
    else socket.once('connect', () => (this.#arrived = true))
  }

  #read(response: IncomingMessage): void {
    response.on('error', (error) => this.#fail(error.message))
    response.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.length
      if (this.#bytes > MAX_ANSWER_BYTES) this.#fail('the answer is too large')
      else this.#chunks.push(chunk)
    })
    response.once('end', () => {
      const text = Buffer.concat(this.#chunks).toString('utf8')
      this.#resolve({ kind: 'answer', status: response.statusCode ?? 0, text })
    })
  }

  #fail(reason: string): void {
    this.#resolve({ kind: 'failed', arrived: this.#arrived, reason })
    this.#request.destroy()
  }
}
