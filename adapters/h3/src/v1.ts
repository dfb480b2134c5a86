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
import { Refused } from './refused.ts'

/** An event of h3 1, as far as it is used here. */
export interface H3EventLike {
  readonly node: { readonly req: NodeRequest; readonly res: NodeResponse }
  /** Whether somebody has answered: then h3 does not. */
  _handled: boolean
}

/** An event handler of h3 1, and so of Nitro 2 and Nuxt, on Node. */
export type H3Handler<Event extends H3EventLike> = (event: Event) => Promise<void>

/**
 * An event handler that answers with a stream that a handler feeds:
 * `export default defineEventHandler(stream(async (session, signal, event) => …))`.
 *
 * Middleware before it authenticates, and headers that were set are kept. What is refused, or thrown
 * before the head, goes the way of h3's errors. Ends when somebody calls `server.close()`.
 */
export function stream<Event extends H3EventLike = H3EventLike>(
  handler: StreamHandler<Event>,
  options: NodeStreamOptions<Event> = {},
): H3Handler<Event> {
  return (event) => {
    const { req: request, res: response } = event.node
    const host = { context: event, takeOver: () => leave(event) }
    return orRefuse(streamNode({ request, response }, handler, options, host))
  }
}

/**
 * An event handler that answers with the stream of a hub: what `?topic=` asks for, or the `selectors`
 * that `authorize` says.
 */
export function subscribe<Admission, Subscription, Event extends H3EventLike = H3EventLike>(
  hub: NodeHub<Admission, Subscription>,
  options: NodeSubscribeOptions<Event, Admission> = {},
): H3Handler<Event> {
  return (event) => {
    const { req: request, res: response } = event.node
    const host = { context: event, takeOver: () => leave(event) }
    return orRefuse(subscribeNode(hub, { request, response }, options, host))
  }
}

/** h3 would answer 404 where a reader has gone before the head. */
function leave(event: H3EventLike): void {
  event._handled = true
}

async function orRefuse(opening: Promise<unknown>): Promise<void> {
  try {
    await opening
  } catch (error) {
    throw error instanceof HeartlineError ? new Refused(error) : error
  }
}
