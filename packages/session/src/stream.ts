import { HandlerRun, type StreamHandler } from './handler-run.ts'
import { HeldTransport } from './held-transport.ts'
import { openFor, type NodeHost, type NodePair } from './node-host.ts'
import type { NodeRequest, NodeResponse } from './node-response.ts'
import { createNodeSession, isGone, openNode, protocolOf } from './node-session.ts'
import type { NodeSessionOptions } from './node-session.ts'
import { resolveSessionOptions } from './options.ts'
import { groupOf } from './server-streams.ts'
import { Session } from './session.ts'
import { plainHost, streamFetch } from './stream-fetch.ts'
import { answerOnce, checkStream, runTerms, type StreamHandlerOptions } from './stream-options.ts'

/** The same with what is special to a Node response. */
export interface NodeStreamOptions<Context = NodeRequest>
  extends StreamHandlerOptions<Context>, Pick<NodeSessionOptions, 'transport' | 'release'> {}

/**
 * Answers a request with a stream that a handler feeds:
 * `stream(request, response, async (session, signal) => …)` on node:http and node:http2, and
 * `stream(request, async (session, signal) => …)`, which answers a `Response`, with Fetch.
 *
 * - The head leaves with the first thing the handler sends, at the latest in the next turn of the
 *   event loop. What the handler throws before, and what `authorize` throws, rejects, and nothing was
 *   sent: the framework answers with a real status.
 * - Later errors end the stream with `handler-error` and are told to the monitor.
 * - The handler's `signal` is aborted when the session ends: because the reader has gone, among
 *   others, and whatever the handler awaits.
 * - When the handler returns, the stream stays open, unless `closeWhenDone`.
 *
 * Resolves once the head was sent. Also rejects with `HL_NOT_ACCEPTABLE`, `HL_HANDLER_INVALID`,
 * `HL_OPTION_INVALID`, and with `HL_HEAD_SENT` where something was sent before.
 */
export function stream(
  request: NodeRequest,
  response: NodeResponse,
  handler: StreamHandler<NodeRequest>,
  options?: NodeStreamOptions,
): Promise<Session>
export function stream(
  request: Request,
  handler: StreamHandler<Request>,
  options?: StreamHandlerOptions<Request>,
): Promise<Response>
export function stream(
  request: NodeRequest | Request,
  second: NodeResponse | StreamHandler<Request>,
  third?: StreamHandler<NodeRequest> | StreamHandlerOptions<Request>,
  options?: NodeStreamOptions,
): Promise<Session | Response> {
  if (isFetch(request)) {
    const context = request
    const rest = (third ?? {}) as StreamHandlerOptions<Request>
    return streamFetch(context, second as StreamHandler<Request>, rest, plainHost(context))
  }
  const context = request
  const handler = third as StreamHandler<NodeRequest>
  return streamNode(
    { request: context, response: second as NodeResponse },
    handler,
    options ?? {},
    { context },
  )
}

/** By what nobody adds to a request of Node, as some do with a signal. */
function isFetch(request: NodeRequest | Request): request is Request {
  return typeof (request.headers as Partial<Headers>).get === 'function'
}

/** `stream` for an adapter, whose handlers get what their framework calls a request. */
export async function streamNode<Context>(
  pair: NodePair,
  handler: StreamHandler<Context>,
  options: NodeStreamOptions<Context>,
  host: NodeHost<Context>,
): Promise<Session> {
  const { request, response } = pair
  checkStream(handler, request.headers.accept, options)
  const more = await options.authorize?.(host.context)
  const merged = { ...options, ...more, monitor: groupOf(request, options.monitor) }
  return answerOnce(response, () =>
    request.method === 'HEAD' || isGone(request, response)
      ? openFor(host, () => createNodeSession(request, response, merged))
      : run(pair, handler, merged, host),
  )
}

/** Has the head held back, and the handler called. */
async function run<Context>(
  { request, response }: NodePair,
  handler: StreamHandler<Context>,
  options: NodeStreamOptions<Context>,
  host: NodeHost<Context>,
): Promise<Session> {
  const resolved = resolveSessionOptions(options)
  const held = new HeldTransport({
    protocol: protocolOf(request),
    remoteAddress: request.socket.remoteAddress,
    open: () => openFor(host, () => openNode({ request, response, resolved, options })),
  })
  const session = new Session(held, resolved)
  const { context } = host
  const { monitor } = options
  await new HandlerRun({ session, held, handler, context, monitor, ...runTerms(options) }).start()
  return session
}
