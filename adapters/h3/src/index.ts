import {
  cutterOf,
  exchangeBehind,
  goneSignal,
  groupOf,
  streamFetch,
  subscribeFetch,
  type FetchHost,
  type FetchHub,
  type SessionMonitor,
  type StreamHandler,
  type StreamHandlerOptions,
  type SubscribeOptions,
} from '@heartline/session/fetch'
import { HeartlineError } from '@heartline/wire'
import { Refused } from './refused.ts'

/** An event of h3 2, as far as it is used here. */
export interface H3EventLike {
  readonly req: Request
  readonly res: { readonly headers: Headers }
  readonly context: Record<string, unknown>
  /** Of Node, where it came through one. */
  readonly runtime?: { readonly node?: { readonly req: object; readonly res?: object } } | undefined
}

/** An event handler of h3 2, and so of Nitro 3. */
export type H3Handler<Event extends H3EventLike> = (event: Event) => Promise<Response>

/**
 * An event handler that answers with a stream that a handler feeds:
 * `app.get('/clock', stream(async (session, signal, event) => …))`, and in Nitro
 * `export default defineHandler(stream(…))`.
 *
 * Middleware before it authenticates, and headers of `event.res` are kept. What is refused is thrown
 * as an error of h3; what is thrown before the head goes the way of h3's errors. On Node it ends when
 * somebody calls `server.close()`.
 */
export function stream<Event extends H3EventLike = H3EventLike>(
  handler: StreamHandler<Event>,
  options: StreamHandlerOptions<Event> = {},
): H3Handler<Event> {
  return (event) => {
    return orRefuse(streamFetch(event.req, handler, options, hostOf(event, options.monitor)))
  }
}

/**
 * An event handler that answers with the stream of a hub: what `?topic=` asks for, or the `selectors`
 * that `authorize` says.
 */
export function subscribe<Admission, Subscription, Event extends H3EventLike = H3EventLike>(
  hub: FetchHub<Admission, Subscription>,
  options: SubscribeOptions<Event, Admission> = {},
): H3Handler<Event> {
  return (event) => {
    return orRefuse(subscribeFetch(hub, event.req, options, hostOf(event, options.monitor)))
  }
}

function hostOf<Event extends H3EventLike>(
  event: Event,
  monitor: SessionMonitor | undefined,
): FetchHost<Event> {
  const exchange = exchangeBehind(event)
  return {
    context: event,
    monitor: groupOf(exchange?.req, monitor),
    signal: goneSignal(exchange),
    cut: cutterOf(exchange),
    headers: event.res.headers,
    seen: event.req,
  }
}

async function orRefuse(opening: Promise<Response>): Promise<Response> {
  try {
    return await opening
  } catch (error) {
    throw error instanceof HeartlineError ? new Refused(error) : error
  }
}
