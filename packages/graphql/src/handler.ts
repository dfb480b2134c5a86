import {
  createFetchSession,
  type Session,
  type SessionMonitor,
  type SessionOptions,
} from '@heartline/session/fetch'
import { Core } from './core.ts'
import { toError } from './errors.ts'
import type { Exchange, Reply } from './exchange.ts'
import type { HandlerOptions } from './options.ts'
import { queryOf } from './query.ts'
import type { HandlerStats } from './stats.ts'

/** Answers GraphQL requests: `(request) => Promise<Response>`. */
export interface Handler {
  (request: Request, extra?: HandlerExtra): Promise<Response>
  /** What it holds now. */
  readonly stats: HandlerStats
  /** Ends all streams so that their readers come back elsewhere, and those opened later. */
  drain(): void
}

/** What a layer before the handler knows. */
export interface HandlerExtra {
  /** The body, when it was read already: parsed, or as text. */
  readonly body?: unknown
  /**
   * Told about the stream of this request, in place of `stream.monitor`. On a Fetch server that
   * stands on Node, `groupOf` of the request of Node: `server.close()` ends the stream then.
   */
  readonly monitor?: SessionMonitor | undefined
}

/**
 * A handler for every server that speaks Fetch: GraphQL over Server-Sent Events in both modes, and
 * GraphQL over HTTP for whoever asks for JSON. One handler serves one path.
 *
 * @throws HeartlineError `HL_GRAPHQL_OPTION_INVALID`; what a schema that is not valid throws
 */
export function createHandler<Context = unknown>(
  options: HandlerOptions<Request, Context>,
): Handler {
  const core = new Core<Request, Context>(options)
  const handle = async (request: Request, extra?: HandlerExtra): Promise<Response> => {
    const exchange = new FetchExchange(request, extra)
    const reply = await core.handle(exchange)
    return reply === undefined ? exchange.response : toResponse(reply, request.method)
  }
  return Object.defineProperties(handle, {
    stats: { get: () => core.stats },
    drain: { value: () => core.drain() },
  }) as Handler
}

class FetchExchange implements Exchange<Request> {
  readonly incoming: Request
  readonly method: string
  readonly query: URLSearchParams
  readonly signal: AbortSignal
  readonly #extra: HandlerExtra
  #response: Response | undefined

  constructor(request: Request, extra: HandlerExtra = {}) {
    this.incoming = request
    this.method = request.method
    this.query = queryOf(request.url)
    this.signal = request.signal
    this.#extra = extra
  }

  /** The stream that was opened. */
  get response(): Response {
    return this.#response ?? new Response(null, { status: 500 })
  }

  header(name: string): string | undefined {
    return this.incoming.headers.get(name) ?? undefined
  }

  async body(maxBytes: number): Promise<unknown> {
    if (this.#extra.body !== undefined) return this.#extra.body
    const { body } = this.incoming
    if (body === null) return ''
    const decoder = new TextDecoder()
    let text = ''
    let bytes = 0
    const reader = body.getReader()
    for (;;) {
      const { value, done } = await reader.read().catch(() => {
        throw toError('bodyInvalid')
      })
      if (done) return text + decoder.decode()
      bytes += value.byteLength
      if (bytes > maxBytes) {
        await reader.cancel()
        throw toError('bodyTooLarge', { maxBytes })
      }
      text += decoder.decode(value, { stream: true })
    }
  }

  open(options: SessionOptions): Session {
    const monitor = this.#extra.monitor ?? options.monitor
    const { session, response } = createFetchSession(this.incoming, { ...options, monitor })
    this.#response = response
    return session
  }
}

function toResponse({ status, headers, body }: Reply, method: string): Response {
  return new Response(method === 'HEAD' ? null : body, { status, headers })
}
