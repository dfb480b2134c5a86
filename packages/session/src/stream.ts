import { HandlerRun, type StreamHandler } from './handler-run.ts'
import { HeldTransport } from './held-transport.ts'
import type { NodeRequest, NodeResponse } from './node-response.ts'
import { createNodeSession, isGone, openNode, protocolOf } from './node-session.ts'
import type { NodeSessionOptions } from './node-session.ts'
import { resolveSessionOptions } from './options.ts'
import { groupOf } from './server-streams.ts'
import { Session } from './session.ts'
import { streamFetch } from './stream-fetch.ts'
import { checkStream, claim, runTerms, type StreamHandlerOptions } from './stream-options.ts'

/** The same with what is special to a Node response. */
export interface NodeStreamOptions<Context = NodeRequest>
  extends StreamHandlerOptions<Context>, Pick<NodeSessionOptions, 'transport' | 'release'> {}

/** What an adapter adds. */
export interface NodeHost<Context> {
  /** Given to the handler and to `authorize`. */
  readonly context: Context
  /** Called right before the head is sent: from then on the response is this stream's. */
  readonly takeOver?: (() => void) | undefined
}

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
  if (typeof second === 'function' || 'signal' in request) {
    const context = request as Request
    const rest = (third ?? {}) as StreamHandlerOptions<Request>
    return streamFetch(context, second as StreamHandler<Request>, rest, { context })
  }
  const context = request as NodeRequest
  const handler = third as StreamHandler<NodeRequest>
  return streamNode({ request: context, response: second }, handler, options ?? {}, { context })
}

/** `stream` for an adapter, whose handlers get what their framework calls a request. */
export async function streamNode<Context>(
  { request, response }: { readonly request: NodeRequest; readonly response: NodeResponse },
  handler: StreamHandler<Context>,
  options: NodeStreamOptions<Context>,
  { context, takeOver }: NodeHost<Context>,
): Promise<Session> {
  checkStream(handler, request.headers.accept, options)
  const more = await options.authorize?.(context)
  const monitor = groupOf(request, options.monitor)
  const merged: NodeSessionOptions = { ...options, ...more, monitor }
  claim(response)
  if (request.method === 'HEAD' || isGone(request, response)) {
    takeOver?.()
    return createNodeSession(request, response, merged)
  }
  const resolved = resolveSessionOptions(merged)
  const held = new HeldTransport({
    protocol: protocolOf(request),
    remoteAddress: request.socket.remoteAddress,
    open: () => {
      takeOver?.()
      return openNode({ request, response, resolved, options: merged })
    },
  })
  const session = new Session(held, resolved)
  await new HandlerRun({ session, held, handler, context, monitor, ...runTerms(options) }).start()
  return session
}
