import type { IncomingMessage, ServerResponse } from 'node:http'
import { toProblem, type OpenResponseExtra, type Problem } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import { problemHeaders } from './problem.ts'
import { JSON_HEADERS } from './json-headers.ts'
import type { RequestView } from './request-view.ts'
import { splitTarget } from './target.ts'

/** How long an unread body is thrown away before the connection is closed. */
const LINGER_MS = 1000

/** One request and its answer. */
export class Exchange implements RequestView {
  /** Also an HTTP/2 one: its compatibility interface has the same shape. */
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly #random: () => number
  /** Values of the `{name}` parts of the route's path. */
  parameters: Readonly<Record<string, string>> = {}
  /** The client sent `Expect: 100-continue` and waits for a sign. */
  awaitsContinue = false
  /** For the session that is made of it, if it is a stream. */
  streamExtra: OpenResponseExtra = {}

  constructor(request: IncomingMessage, response: ServerResponse, random: () => number) {
    this.request = request
    this.response = response
    this.#random = random
    this.method = request.method ?? 'GET'
    const target = splitTarget(request.url ?? '/')
    this.path = target.path
    this.query = new URLSearchParams(target.query)
  }

  /** A request header. Undefined when missing or empty. */
  header(name: string): string | undefined {
    const { headers } = this.request
    // HTTP/2 has `:authority` in its place.
    const value = name === 'host' ? (headers[':authority'] ?? headers.host) : headers[name]
    const text = Array.isArray(value) ? value[0] : value
    return text === '' ? undefined : text
  }

  /** True when the client announced a body. */
  get hasBody(): boolean {
    const { headers } = this.request
    if (headers['transfer-encoding'] !== undefined) return true
    const length = headers['content-length']
    return length === undefined ? this.isHttp2 && !this.request.complete : length !== '0'
  }

  get isHttp2(): boolean {
    return this.request.httpVersionMajor === 2
  }

  /** Tells a client that waits with its body to send it. */
  invite(): void {
    if (this.awaitsContinue) this.response.writeContinue()
    this.awaitsContinue = false
  }

  /** A number parameter of the query. Throws `HL_QUERY_INVALID` outside the range. */
  integer(name: string, range: { min: number; max: number; default: number }): number {
    const text = this.query.get(name)
    if (text === null) return range.default
    const value = Number(text)
    if (/^\d{1,15}$/.test(text) && value >= range.min && value <= range.max) return value
    const reason = `it must be a whole number from ${range.min} to ${range.max}`
    throw new HeartlineError(serverErrors.queryInvalid, { name, reason })
  }

  sendJson(status: number, body: unknown): void {
    this.#send(status, JSON.stringify(body), JSON_HEADERS)
  }

  send(status: number, body: string | Buffer, headers: Readonly<Record<string, string>>): void {
    this.#send(status, body, headers)
  }

  /** Answers without a body. */
  sendEmpty(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.#send(status, '', headers)
  }

  /** Answers with a problem document, or cuts the connection when an answer has begun. */
  sendError(error: unknown): Problem {
    const problem = toProblem(error)
    if (this.response.headersSent) this.response.destroy()
    else this.#send(problem.status, JSON.stringify(problem), problemHeaders(problem, this.#random))
    return problem
  }

  #send(status: number, body: string | Buffer, headers: Readonly<Record<string, string>>): void {
    const { request, response } = this
    if (response.destroyed || response.headersSent) return
    response.statusCode = status
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (status !== 204) response.setHeader('content-length', Buffer.byteLength(body))
    if (!this.hasBody || request.complete) response.end(body)
    else if (this.isHttp2) this.#endUnread(body)
    else this.#linger(body)
  }

  /** RFC 9113, section 8.1: after a complete answer the rest of the request may be refused. */
  #endUnread(body: string | Buffer): void {
    this.response.end(body)
    this.request.resume()
    const { stream } = this.response as unknown as { stream?: { close(code: number): void } }
    this.response.once('finish', () => stream?.close(0))
  }

  /**
   * The body is not wanted. Closing at once would reset the connection and the client would lose
   * the answer, so what it still sends is thrown away for a moment.
   */
  #linger(body: string | Buffer): void {
    const { request, response } = this
    response.setHeader('connection', 'close')
    response.write(body)
    const end = (): void => {
      clearTimeout(timer)
      response.end()
    }
    const timer = setTimeout(end, LINGER_MS)
    request.once('end', end)
    request.once('close', end)
    request.resume()
  }
}
