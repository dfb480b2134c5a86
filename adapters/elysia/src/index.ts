import {
  groupOf,
  streamFetch,
  StreamGroup,
  subscribeFetch,
  toRefusal,
  type FetchHub,
  type SessionMonitor,
  type StreamHandler,
  type StreamHandlerOptions,
  type SubscribeOptions,
} from '@heartline/session/fetch'
import { HeartlineError } from '@heartline/wire'

/** A context of Elysia, as far as it is used here. */
export interface ElysiaContextLike {
  readonly request: Request
}

/** An Elysia application, as far as it is used here. */
export interface ElysiaLike {
  onStop(hook: () => void): unknown
}

/** A route handler. */
export type ElysiaHandler<Context extends ElysiaContextLike> = (
  context: Context,
) => Promise<Response>

const groups = new Map<SessionMonitor | undefined, StreamGroup>()

/**
 * A plugin that ends the streams when the application stops: `app.use(heartline)`. Without it
 * `app.stop()` waits for their readers.
 */
export function heartline<App extends ElysiaLike>(app: App): App {
  app.onStop(() => {
    for (const group of groups.values()) group.drain({ graceMs: 500 })
  })
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
    const monitor = groupFor(context.request, options.monitor)
    return orRefuse(streamFetch(context.request, handler, options, { context, monitor }))
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
    const monitor = groupFor(context.request, options.monitor)
    return orRefuse(subscribeFetch(hub, context.request, options, { context, monitor }))
  }
}

/** With its adapter for Node the request came to a server that says when it closes. */
function groupFor(request: Request, monitor: SessionMonitor | undefined): StreamGroup {
  const { runtime } = request as { runtime?: { node?: { req?: Parameters<typeof groupOf>[0] } } }
  if (runtime?.node?.req !== undefined) return groupOf(runtime.node.req, monitor)
  const group = groups.get(monitor) ?? new StreamGroup(monitor)
  groups.set(monitor, group)
  return group
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
