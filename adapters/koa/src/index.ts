import {
  streamNode,
  subscribeNode,
  type NodeHub,
  type NodeRequest,
  type NodeResponse,
  type NodeStreamOptions,
  type NodeSubscribeOptions,
  type StreamHandler,
} from '@heartline/session'
import { HeartlineError } from '@heartline/wire'

/** A context of Koa 2 and 3, as far as it is used here. */
export interface KoaContextLike {
  readonly req: NodeRequest
  readonly res: NodeResponse
  respond?: boolean | undefined
}

/** A middleware that answers. */
export type KoaHandler<Context extends KoaContextLike> = (context: Context) => Promise<void>

/**
 * A middleware that answers with a stream that a handler feeds:
 * `router.get('/clock', authenticate, stream(async (session, signal, ctx) => …))`.
 *
 * Middleware around it authenticates, and headers that were set before are kept. What is refused, or
 * thrown before the head, is thrown for Koa to answer. Koa is told not to respond with the head.
 * Ends when somebody calls `server.close()`.
 */
export function stream<Context extends KoaContextLike = KoaContextLike>(
  handler: StreamHandler<Context>,
  options: NodeStreamOptions<Context> = {},
): KoaHandler<Context> {
  return (context) =>
    orExpose(
      streamNode({ request: context.req, response: context.res }, handler, options, {
        context,
        takeOver: () => leave(context),
      }),
    )
}

/**
 * A middleware that answers with the stream of a hub: what `?topic=` asks for, or the `selectors` that
 * `authorize` says.
 */
export function subscribe<Admission, Subscription, Context extends KoaContextLike = KoaContextLike>(
  hub: NodeHub<Admission, Subscription>,
  options: NodeSubscribeOptions<Context, Admission> = {},
): KoaHandler<Context> {
  return (context) =>
    orExpose(
      subscribeNode(hub, { request: context.req, response: context.res }, options, {
        context,
        takeOver: () => leave(context),
      }),
    )
}

/** Koa would answer 404 once its middleware is through. */
function leave(context: KoaContextLike): void {
  context.respond = false
}

/** Koa tells the client what it refused only of errors that say so. */
async function orExpose(opening: Promise<unknown>): Promise<void> {
  try {
    await opening
  } catch (error) {
    if (error instanceof HeartlineError && error.status < 500) {
      throw Object.assign(error, { expose: true })
    }
    throw error
  }
}
