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

/** A request handler of Express 4 and 5. */
export type ExpressHandler<Request extends NodeRequest = NodeRequest> = (
  request: Request,
  response: NodeResponse,
  next: (error?: unknown) => void,
) => Promise<void>

/**
 * A route that is answered with a stream that a handler feeds:
 * `app.get('/clock', authenticate, stream(async (session, signal, request) => …))`.
 *
 * Middleware before it authenticates, and what it has set of the head is kept. What is refused, or
 * thrown before the head, goes to `next`. Ends when somebody calls `server.close()`.
 */
export function stream<Request extends NodeRequest = NodeRequest>(
  handler: StreamHandler<Request>,
  options: NodeStreamOptions<Request> = {},
): ExpressHandler<Request> {
  return (request, response, next) =>
    orElse(response, next, () =>
      streamNode({ request, response }, handler, options, { context: request }),
    )
}

/**
 * A route that is answered with the stream of a hub: what `?topic=` asks for, or the `selectors` that
 * `authorize` says.
 */
export function subscribe<Admission, Subscription, Request extends NodeRequest = NodeRequest>(
  hub: NodeHub<Admission, Subscription>,
  options: NodeSubscribeOptions<Request, Admission> = {},
): ExpressHandler<Request> {
  return (request, response, next) =>
    orElse(response, next, () =>
      subscribeNode(hub, { request, response }, options, { context: request }),
    )
}

async function orElse(
  response: NodeResponse,
  next: (error?: unknown) => void,
  open: () => Promise<unknown>,
): Promise<void> {
  try {
    await open()
  } catch (error) {
    // The error page of Express cuts the connection when there was a head: not that of a stream
    // which another handler has opened.
    if (response.headersSent) process.emitWarning(error as Error)
    else next(error)
  }
}
