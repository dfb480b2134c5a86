import {
  cutterOf,
  exchangeBehind,
  goneSignal,
  groupOf,
  streamFetch,
  subscribeFetch,
  toRefusal,
  type FetchHost,
  type FetchHub,
  type SessionMonitor,
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
    const host = hostOf(context, options.monitor)
    return orRefuse(streamFetch(context.req.raw, handler, options, host))
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
    const host = hostOf(context, options.monitor)
    return orRefuse(subscribeFetch(hub, context.req.raw, options, host))
  }
}

/** The server of `@hono/node-server` shows what is Node's; others end their streams by themselves. */
function hostOf<C extends Context>(context: C, monitor: SessionMonitor | undefined): FetchHost<C> {
  const exchange = exchangeBehind(context.req.raw, context.env)
  return {
    context,
    monitor: groupOf(exchange?.req, monitor),
    signal: goneSignal(exchange),
    cut: cutterOf(exchange),
    headers: context.res.headers,
  }
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
