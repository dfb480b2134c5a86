import {
  groupOf,
  streamFetch,
  subscribeFetch,
  toRefusal,
  type FetchHub,
  type SessionMonitor,
  type StreamGroup,
  type StreamHandler,
  type StreamHandlerOptions,
  type SubscribeOptions,
} from '@heartline/session/fetch'
import { HeartlineError } from '@heartline/wire'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'

/** A handler of Hono. */
export type HonoHandler<C extends Context> = (c: C) => Promise<Response>

/**
 * A route that is answered with a stream that a handler feeds:
 * `app.get('/clock', authenticate, stream(async (session, signal, c) => …))`, on Node, Bun, Deno and
 * Workers.
 *
 * Middleware before it authenticates, and headers that were set are kept. What is refused is thrown
 * as an `HTTPException`; what is thrown before the head goes to `app.onError` as it is. On Node it
 * ends when somebody calls `server.close()`.
 */
export function stream<C extends Context = Context>(
  handler: StreamHandler<C>,
  options: StreamHandlerOptions<C> = {},
): HonoHandler<C> {
  return (context) => {
    const monitor = groupFor(context, options.monitor)
    const { headers } = context.res
    return orRefuse(streamFetch(context.req.raw, handler, options, { context, monitor, headers }))
  }
}

/**
 * A route that is answered with the stream of a hub: what `?topic=` asks for, or the `selectors` that
 * `authorize` says.
 */
export function subscribe<Admission, Subscription, C extends Context = Context>(
  hub: FetchHub<Admission, Subscription>,
  options: SubscribeOptions<C, Admission> = {},
): HonoHandler<C> {
  return (context) => {
    const monitor = groupFor(context, options.monitor)
    const { headers } = context.res
    return orRefuse(subscribeFetch(hub, context.req.raw, options, { context, monitor, headers }))
  }
}

/** The server of `@hono/node-server` shows its request; others end their streams by themselves. */
function groupFor(context: Context, monitor: SessionMonitor | undefined): StreamGroup {
  const { env } = context as { env?: { incoming?: Parameters<typeof groupOf>[0] } }
  return groupOf(env?.incoming, monitor)
}

async function orRefuse(opening: Promise<Response>): Promise<Response> {
  try {
    return await opening
  } catch (error) {
    if (!(error instanceof HeartlineError)) throw error
    const { status, headers, body } = toRefusal(error)
    const res = new Response(body, { status, headers })
    throw new HTTPException(status as 500, { message: error.message, res, cause: error })
  }
}
