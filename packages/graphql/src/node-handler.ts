import {
  createNodeSession,
  groupOf,
  type NodeRequest,
  type NodeResponse,
  type Session,
  type SessionOptions,
} from '@heartline/session'
import { Core } from './core.ts'
import { toError } from './errors.ts'
import type { Exchange, Reply } from './exchange.ts'
import type { HandlerExtra } from './handler.ts'
import type { HandlerOptions } from './options.ts'
import { queryOf } from './query.ts'
import type { HandlerStats } from './stats.ts'

/** Answers GraphQL requests of node:http and node:http2. Never rejects. */
export interface NodeHandler {
  (request: NodeRequest, response: NodeResponse, extra?: HandlerExtra): Promise<void>
  /** What it holds now. */
  readonly stats: HandlerStats
  /** Ends all streams so that their readers come back elsewhere, and those opened later. */
  drain(): void
}

/**
 * The handler of `createHandler` for node:http and node:http2, and for frameworks on top of them.
 * A body that a parser before it has left in `request.body` is taken from there. `server.close()`
 * ends the streams that came to that server.
 *
 * @throws HeartlineError `HL_GRAPHQL_OPTION_INVALID`; what a schema that is not valid throws
 */
export function createNodeHandler<Context = unknown>(
  options: HandlerOptions<NodeRequest, Context>,
): NodeHandler {
  const core = new Core<NodeRequest, Context>(options)
  const handle = async (
    request: NodeRequest,
    response: NodeResponse,
    extra?: HandlerExtra,
  ): Promise<void> => {
    const reply = await core.handle(new NodeExchange(request, response, extra))
    if (reply !== undefined) send(request, response, reply)
  }
  return Object.defineProperties(handle, {
    stats: { get: () => core.stats },
    drain: { value: () => core.drain() },
  }) as NodeHandler
}

class NodeExchange implements Exchange<NodeRequest> {
  readonly incoming: NodeRequest
  readonly method: string
  readonly query: URLSearchParams
  readonly #response: NodeResponse
  readonly #extra: HandlerExtra

  constructor(request: NodeRequest, response: NodeResponse, extra: HandlerExtra = {}) {
    this.incoming = request
    this.method = request.method ?? 'GET'
    this.query = queryOf(request.url ?? '/')
    this.#response = response
    this.#extra = extra
  }

  /** `close` of the response: that of a request comes when its body was read. */
  get signal(): AbortSignal {
    const controller = new AbortController()
    const response = this.#response
    if (isGone(response)) controller.abort()
    else response.once('close', () => controller.abort())
    return controller.signal
  }

  header(name: string): string | undefined {
    const value = this.incoming.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  async body(maxBytes: number): Promise<unknown> {
    const body = this.#extra.body ?? (this.incoming as { body?: unknown }).body
    if (body !== undefined) return textOf(body)
    return readText(this.incoming, maxBytes)
  }

  /** Ends when its server is closed, which would wait for it for ever. */
  open(options: SessionOptions): Session {
    const monitor = groupOf(this.incoming, this.#extra.monitor ?? options.monitor)
    return createNodeSession(this.incoming, this.#response, { ...options, monitor })
  }
}

/**
 * Not with a loop over the request: leaving that would destroy the connection with the answer. No
 * listener stays, so that a stream may let go of its request.
 */
function readText(request: NodeRequest, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const take = (chunk: Buffer): void => {
      bytes += chunk.length
      if (bytes <= maxBytes) return void chunks.push(chunk)
      leave()
      // The rest is thrown away, or the connection would break before the answer was read.
      request.resume()
      reject(toError('bodyTooLarge', { maxBytes }))
    }
    const finish = (): void => {
      leave()
      resolve(Buffer.concat(chunks).toString('utf8'))
    }
    const fail = (): void => {
      leave()
      reject(toError('bodyInvalid'))
    }
    const leave = (): void => {
      request.off('data', take).off('end', finish).off('error', fail).off('close', fail)
    }
    request.on('data', take).on('end', finish).on('error', fail).on('close', fail)
  })
}

/** Its `close` may have been emitted before anybody listened. */
function isGone(response: NodeResponse): boolean {
  if ('stream' in response) return response.stream.destroyed
  return response.destroyed || response.socket?.destroyed === true
}

function textOf(body: unknown): unknown {
  return Buffer.isBuffer(body) ? body.toString('utf8') : body
}

function send(request: NodeRequest, response: NodeResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return
  response.statusCode = reply.status
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value)
  // What is left of a body that was refused: the connection cannot be used again before it is read.
  if (!request.complete && request.httpVersionMajor < 2) response.setHeader('Connection', 'close')
  response.end(request.method === 'HEAD' ? '' : reply.body)
}
