import type { FetchRequest } from './fetch-session.ts'
import { forgoEncoding } from './forgo-encoding.ts'
import { exposeIn } from './head.ts'
import type { SessionMonitor } from './monitor.ts'
import type { FetchHost } from './stream-fetch.ts'
import { answerOnce, checkAccept, checkMethod } from './stream-options.ts'

/** The part of a hub (`@heartline/hub`) that adapters for Fetch use. */
export interface FetchHub<Admission, Subscription> {
  /** See `NodeHub.admitUrl`. */
  admitUrl(url: string, lastEventId: string | undefined, admission?: Admission): Subscription
  /** Makes the response and subscribes its session. */
  openFetch(
    request: FetchRequest,
    subscription: Subscription,
    extra: {
      readonly headers?: Readonly<Record<string, string>> | undefined
      readonly monitor?: SessionMonitor | undefined
    },
  ): Response
}

/** How the streams of a hub are opened. How they behave is said to the hub. */
export interface SubscribeOptions<Context, Admission> {
  /**
   * Says who the reader is, what it may read and until when, before anything is sent. Throw to
   * refuse. Default: everyone may read everything that the URL asks for.
   */
  readonly authorize?:
    | ((context: Context) => Admission | void | Promise<Admission | void>)
    | undefined
  /** More response headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly monitor?: SessionMonitor | undefined
  /** As for `stream`. Default true. */
  readonly checkAccept?: boolean | undefined
}

/** `subscribeNode` for Fetch. */
export async function subscribeFetch<Context, Admission, Subscription>(
  hub: FetchHub<Admission, Subscription>,
  request: Request,
  options: SubscribeOptions<Context, Admission>,
  host: FetchHost<Context>,
): Promise<Response> {
  const { context, monitor = options.monitor, headers, seen, signal = request.signal, cut } = host
  const { method } = request
  checkMethod(method)
  if (options.checkAccept !== false) checkAccept(request.headers.get('accept'))
  const admission = await options.authorize?.(context)
  const lastEventId = request.headers.get('last-event-id') ?? undefined
  const subscription = hub.admitUrl(request.url, lastEventId, admission ?? undefined)
  return answerOnce(request, () => {
    if (headers !== undefined) exposeIn(headers)
    if (seen !== undefined) forgoEncoding(seen)
    return hub.openFetch({ method, signal, cut }, subscription, {
      headers: options.headers,
      monitor,
    })
  })
}
