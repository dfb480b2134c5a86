import { openFetch, resolveFetchOptions } from './fetch-session.ts'
import { forgoEncoding, type SeenRequest } from './forgo-encoding.ts'
import { HandlerRun, type StreamHandler } from './handler-run.ts'
import { exposeIn, type HeaderBag } from './head.ts'
import { HeldTransport } from './held-transport.ts'
import type { SessionMonitor } from './monitor.ts'
import { Session } from './session.ts'
import { checkStream, claim, runTerms, type StreamHandlerOptions } from './stream-options.ts'

/** What an adapter adds. */
export interface FetchHost<Context> {
  /** Given to the handler and to `authorize`. */
  readonly context: Context
  /** Takes the place of the monitor in the options, as a group that passes on to it. */
  readonly monitor?: SessionMonitor | undefined
  /** What the framework adds to the response: those of CORS get to know our headers. */
  readonly headers?: HeaderBag | undefined
  /** What compression of the framework looks at: `Accept-Encoding` is taken out of it. */
  readonly seen?: SeenRequest | undefined
  /** Aborted when the reader is gone, where the signal of the request says something else. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Answers a Fetch request with a stream that a handler feeds.
 *
 * Rejects, and no response was made, with what `authorize` throws, or the handler in its first turn
 * of the event loop and before it has sent anything; with `HL_NOT_ACCEPTABLE`; with `HL_HEAD_SENT`
 * for a request that was answered with a stream already. See `stream` for the rest.
 */
export async function streamFetch<Context>(
  request: Request,
  handler: StreamHandler<Context>,
  options: StreamHandlerOptions<Context>,
  host: FetchHost<Context>,
): Promise<Response> {
  const { context, monitor = options.monitor, headers, seen, signal = request.signal } = host
  checkStream(handler, request.headers.get('accept'), options)
  const more = await options.authorize?.(context)
  const resolved = resolveFetchOptions({ ...options, ...more, monitor })
  claim(request)
  if (headers !== undefined) exposeIn(headers)
  if (seen !== undefined) forgoEncoding(seen)
  let response: Response | undefined
  const open = (): ReturnType<typeof openFetch> => {
    const opened = openFetch({ method: request.method, signal }, resolved)
    ;({ response } = opened)
    return opened
  }
  if (request.method === 'HEAD' || signal.aborted) return open().response
  const held = new HeldTransport({ protocol: 'fetch', remoteAddress: undefined, open })
  const session = new Session(held, resolved)
  await new HandlerRun({ session, held, handler, context, monitor, ...runTerms(options) }).start()
  return response ?? open().response
}
