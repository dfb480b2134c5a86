import {
  groupOf,
  streamFetch,
  subscribeFetch,
  type FetchHub,
  type SessionMonitor,
  type StreamGroup,
  type StreamHandler,
  type StreamHandlerOptions,
  type SubscribeOptions,
} from '@heartline/session/fetch'
import { HeartlineError } from '@heartline/wire'
import { HTTPError, type H3Event } from 'h3'

/** An event handler of h3 and Nitro. */
export type H3Handler = (event: H3Event) => Promise<Response>

/**
 * An event handler that answers with a stream that a handler feeds:
 * `app.get('/clock', stream(async (session, signal, event) => …))`, and in Nitro
 * `export default defineHandler(stream(…))`.
 *
 * Middleware before it authenticates, and headers of `event.res` are kept. What is refused is thrown
 * as an `HTTPError`; what is thrown before the head goes the way of h3's errors. On Node it ends when
 * somebody calls `server.close()`.
 */
export function stream(
  handler: StreamHandler<H3Event>,
  options: StreamHandlerOptions<H3Event> = {},
): H3Handler {
  return (event) => {
    const monitor = groupFor(event, options.monitor)
    const { headers } = event.res
    return orRefuse(streamFetch(event.req, handler, options, { context: event, monitor, headers }))
  }
}

/**
 * An event handler that answers with the stream of a hub: what `?topic=` asks for, or the `selectors`
 * that `authorize` says.
 */
export function subscribe<Admission, Subscription>(
  hub: FetchHub<Admission, Subscription>,
  options: SubscribeOptions<H3Event, Admission> = {},
): H3Handler {
  return (event) => {
    const monitor = groupFor(event, options.monitor)
    const { headers } = event.res
    return orRefuse(subscribeFetch(hub, event.req, options, { context: event, monitor, headers }))
  }
}

function groupFor(event: H3Event, monitor: SessionMonitor | undefined): StreamGroup {
  type Request = Parameters<typeof groupOf>[0]
  return groupOf(event.runtime?.node?.req as Request, monitor)
}

async function orRefuse(opening: Promise<Response>): Promise<Response> {
  try {
    return await opening
  } catch (error) {
    if (!(error instanceof HeartlineError)) throw error
    const { status, message, code } = error
    throw new HTTPError({ status, message, cause: error, data: { code } })
  }
}
