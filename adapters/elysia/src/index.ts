import {
  cutterOf,
  exchangeBehind,
  goneSignal,
  groupOf,
  streamFetch,
  StreamGroups,
  subscribeFetch,
  toRefusal,
  type FetchHost,
  type FetchHub,
  type HeaderBag,
  type SessionMonitor,
  type StreamHandler,
  type StreamHandlerOptions,
  type SubscribeOptions,
} from '@heartline/session/fetch'
import { HeartlineError } from '@heartline/wire'

/** A context of Elysia, as far as it is used here. */
export interface ElysiaContextLike {
  readonly request: Request
  /** Of Bun; null elsewhere. */
  readonly server?: object | null | undefined
  /** Of the request, by name in lower case. */
  readonly headers?: Record<string, string | undefined>
  readonly set: { readonly headers: object }
}

/** An Elysia application, as far as it is used here. */
export interface ElysiaLike {
  readonly server: object | null
  stop: (...args: never[]) => Promise<unknown>
}

/** A route handler. */
export type ElysiaHandler<Context extends ElysiaContextLike> = (
  context: Context,
) => Promise<Response>

/** By the server of Bun. */
const groups = new WeakMap<object, StreamGroups>()

/**
 * Ends the streams when the application stops: `heartline(app)`. Its own hook `onStop` is called when
 * all connections are gone, and these would wait for their readers: so `app.stop` is replaced.
 */
export function heartline<App extends ElysiaLike>(app: App): App {
  const stop = app.stop
  app.stop = (...args) => {
    groups.get(app.server ?? app)?.drain({ graceMs: 500 })
    return stop(...args)
  }
  return app
}

/**
 * A route that is answered with a stream that a handler feeds:
 * `app.get('/clock', stream(async (session, signal, { request }) => …))`. Keep `heartbeatMs` below
 * 10 s on Bun.
 *
 * `beforeHandle` authenticates, and `set.headers` are kept. What is refused is answered with a
 * problem document; what is thrown before the head goes to `onError`.
 */
export function stream<Context extends ElysiaContextLike = ElysiaContextLike>(
  handler: StreamHandler<Context>,
  options: StreamHandlerOptions<Context> = {},
): ElysiaHandler<Context> {
  return (context) => {
    const host = hostOf(context, options.monitor)
    return orRefuse(streamFetch(context.request, handler, options, host))
  }
}

/**
 * A route that is answered with the stream of a hub: what `?topic=` asks for, or the `selectors` that
 * `authorize` says.
 */
export function subscribe<
  Admission,
  Subscription,
  Context extends ElysiaContextLike = ElysiaContextLike,
>(
  hub: FetchHub<Admission, Subscription>,
  options: SubscribeOptions<Context, Admission> = {},
): ElysiaHandler<Context> {
  return (context) => {
    const host = hostOf(context, options.monitor)
    return orRefuse(subscribeFetch(hub, context.request, options, host))
  }
}

function hostOf<Context extends ElysiaContextLike>(
  context: Context,
  monitor: SessionMonitor | undefined,
): FetchHost<Context> {
  const exchange = exchangeBehind(context.request)
  return {
    context,
    monitor: groupFor(context, monitor),
    headers: bagOf(context),
    seen: context,
    signal: goneSignal(exchange),
    cut: cutterOf(exchange),
  }
}

/** With its adapter for Node the request came to a server that says when it closes. */
function groupFor(
  { request, server }: ElysiaContextLike,
  monitor: SessionMonitor | undefined,
): SessionMonitor {
  if (server === undefined || server === null) return groupOf(exchangeBehind(request)?.req, monitor)
  const known = groups.get(server) ?? new StreamGroups()
  groups.set(server, known)
  return known.group(monitor)
}

/** Its plugin for CORS writes names in lower case. */
function bagOf({ set }: ElysiaContextLike): HeaderBag {
  const headers = set.headers as Record<string, string>
  return {
    get: (name) => headers[name.toLowerCase()],
    set: (name, value) => (headers[name.toLowerCase()] = value),
  }
}

async function orRefuse(opening: Promise<Response>): Promise<Response> {
  try {
    return await opening
  } catch (error) {
    if (!(error instanceof HeartlineError)) throw error
    const { status, headers, body } = toRefusal(error)
    return new Response(body, { status, headers })
  }
}
