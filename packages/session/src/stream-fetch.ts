import { openFetch, resolveFetchOptions, type OpenedFetch } from './fetch-session.ts'
import { cutterOf, exchangeBehind, goneSignal } from './gone-signal.ts'
import { forgoEncoding, type SeenRequest } from './forgo-encoding.ts'
import { HandlerRun, type HandlerTerms, type StreamHandler } from './handler-run.ts'
import { exposeIn, type HeaderBag } from './head.ts'
import { HeldTransport } from './held-transport.ts'
import type { SessionMonitor } from './monitor.ts'
import type { ResolvedSessionOptions } from './options.ts'
import { Session } from './session.ts'
import { answerOnce, checkStream, runTerms, type StreamHandlerOptions } from './stream-options.ts'

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
  /** See `FetchRequest.cut`. */
  readonly cut?: (() => void) | undefined
}

/** Where no adapter is: what the host shows on the request is all that there is. */
export function plainHost(request: Request): FetchHost<Request> {
  const exchange = exchangeBehind(request)
  return { context: request, signal: goneSignal(exchange), cut: cutterOf(exchange) }
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
  const { context, monitor = options.monitor, headers, seen } = host
  checkStream(handler, request.headers.get('accept'), options)
  const more = await options.authorize?.(context)
  const merged = { ...options, ...more, monitor }
  return answerOnce(request, () => {
    const resolved = resolveFetchOptions(merged)
    if (headers !== undefined) exposeIn(headers)
    if (seen !== undefined) forgoEncoding(seen)
    const { method } = request
    const { signal = request.signal, cut } = host
    const open = (): OpenedFetch => openFetch({ method, signal, cut }, resolved)
    if (method === 'HEAD' || signal.aborted) return open().response
    return run({ resolved, open, handler, context, ...runTerms(merged) })
  })
}

/** What a handler's stream is made of. */
interface Running<Context> extends Pick<
  HandlerTerms<Context>,
  'handler' | 'context' | 'closeWhenDone' | 'handlerTimeoutMs'
> {
  readonly resolved: ResolvedSessionOptions
  readonly open: () => OpenedFetch
}

/** Has the response held back, and the handler called. */
async function run<Context>({ resolved, open, ...terms }: Running<Context>): Promise<Response> {
  let response: Response | undefined
  const opening = (): OpenedFetch => {
    const opened = open()
    ;({ response } = opened)
    return opened
  }
  const held = new HeldTransport({ protocol: 'fetch', remoteAddress: undefined, open: opening })
  const session = new Session(held, resolved)
  await new HandlerRun({ session, held, monitor: resolved.monitor, ...terms }).start()
  return response ?? open().response
}
