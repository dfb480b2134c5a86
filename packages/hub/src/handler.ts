import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { cutterOf, exchangeBehind, goneSignal } from '@heartline/session'
import { HeartlineError } from '@heartline/wire'
import { hubErrors } from './errors.ts'
import type { Hub } from './hub.ts'
import { PROBLEM_TYPE, toProblem } from './problem.ts'
import type { Admission } from './url-request.ts'

/** Options of both handlers. */
export interface HandlerOptions<Request> {
  /**
   * Decides before the head is sent. Throw a `HeartlineError` to refuse with its status.
   * Default: everyone may read everything.
   */
  readonly authorize?: ((request: Request) => Admission | Promise<Admission>) | undefined
}

type NodeRequest = IncomingMessage | Http2ServerRequest
type NodeResponse = ServerResponse | Http2ServerResponse

/**
 * A handler for `node:http` and `node:http2`: answers every GET with a stream of `?topic=`.
 * Resumes from `Last-Event-ID`, `?lastEventId=` or `?since=`. `?silence=` says after how many
 * seconds without a byte the reader's last stream died, `?tell=topics` asks for the topics of events.
 */
export function createNodeHandler(
  hub: Hub,
  options: HandlerOptions<NodeRequest> = {},
): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  return async (request, response) => {
    try {
      checkMethod(request.method ?? 'GET')
      const admission = await options.authorize?.(request)
      const header = request.headers['last-event-id']
      const lastEventId = Array.isArray(header) ? header[0] : header
      const subscription = hub.admitUrl(request.url ?? '/', lastEventId, admission)
      hub.open(request, response, subscription)
    } catch (error) {
      sendProblem(response, error)
    }
  }
}

/**
 * The same for Fetch: `(request) => Promise<Response>`. What `@hono/node-server` hands over beside a
 * request says when its reader is gone, also that of a request which was pipelined.
 */
export function createFetchHandler(
  hub: Hub,
  options: HandlerOptions<Request> = {},
): (request: Request, beside?: unknown) => Promise<Response> {
  return async (request, beside) => {
    try {
      const { method } = request
      checkMethod(method)
      const admission = await options.authorize?.(request)
      const lastEventId = request.headers.get('last-event-id') ?? undefined
      const subscription = hub.admitUrl(request.url, lastEventId, admission)
      const exchange = exchangeBehind(request, beside)
      const signal = goneSignal(exchange) ?? request.signal
      return hub.openFetch({ method, signal, cut: cutterOf(exchange) }, subscription)
    } catch (error) {
      const problem = toProblem(error)
      return Response.json(problem, {
        status: problem.status,
        headers: problemHeaders(problem.status),
      })
    }
  }
}

function checkMethod(method: string): void {
  if (method === 'GET' || method === 'HEAD') return
  throw new HeartlineError(hubErrors.methodNotAllowed, { method })
}

function problemHeaders(status: number): Record<string, string> {
  return {
    'content-type': PROBLEM_TYPE,
    'cache-control': 'no-store',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    ...(status === 503 ? { 'retry-after': '2' } : {}),
  }
}

function sendProblem(response: NodeResponse, error: unknown): void {
  if (response.headersSent) {
    response.end()
    return
  }
  const problem = toProblem(error)
  response.writeHead(problem.status, problemHeaders(problem.status))
  response.end(JSON.stringify(problem))
}
