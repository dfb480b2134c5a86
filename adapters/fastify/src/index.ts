import {
  adoptHeaders,
  closeStreams,
  streamNode,
  subscribeNode,
  type HeldHeaders,
  type NodeHost,
  type NodeHub,
  type NodeRequest,
  type NodeResponse,
  type NodeStreamOptions,
  type NodeSubscribeOptions,
  type StreamHandler,
} from '@heartline/session'

/** A request of Fastify 5, as far as it is used here. */
export interface FastifyRequestLike {
  readonly raw: NodeRequest
}

/** A reply of Fastify 5, as far as it is used here. */
export interface FastifyReplyLike {
  readonly raw: NodeResponse
  hijack(): unknown
  getHeaders(): HeldHeaders
}

/** A Fastify instance, as far as it is used here. */
export interface FastifyLike {
  readonly server: object
  addHook(name: 'preClose', hook: (done: () => void) => void): unknown
}

/** A route handler. */
export type FastifyHandler<Request extends FastifyRequestLike> = (
  request: Request,
  reply: FastifyReplyLike,
) => Promise<unknown>

/**
 * A plugin that ends all streams before Fastify waits for its connections:
 * `await app.register(heartline)`. Without it they end a little later, with the server.
 */
export function heartline(fastify: FastifyLike, _options: unknown, done: () => void): void {
  fastify.addHook('preClose', (closed) => {
    closeStreams(fastify.server)
    closed()
  })
  done()
}

// Not in a context of its own: it is the server that closes.
Object.assign(heartline, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@heartline/fastify',
})

/**
 * A route that is answered with a stream that a handler feeds:
 * `app.get('/clock', { preHandler: authenticate }, stream(async (session, signal, request) => …))`.
 *
 * Hooks before it authenticate, and headers of the reply are kept. What is refused, or thrown before
 * the head, goes to Fastify's error handler; the reply is hijacked with the head.
 */
export function stream<Request extends FastifyRequestLike = FastifyRequestLike>(
  handler: StreamHandler<Request>,
  options: NodeStreamOptions<Request> = {},
): FastifyHandler<Request> {
  return async (request, reply) => {
    const pair = { request: request.raw, response: reply.raw }
    await streamNode(pair, handler, options, hostOf(request, reply))
    return reply
  }
}

/**
 * A route that is answered with the stream of a hub: what `?topic=` asks for, or the `selectors` that
 * `authorize` says.
 */
export function subscribe<
  Admission,
  Subscription,
  Request extends FastifyRequestLike = FastifyRequestLike,
>(
  hub: NodeHub<Admission, Subscription>,
  options: NodeSubscribeOptions<Request, Admission> = {},
): FastifyHandler<Request> {
  return async (request, reply) => {
    const pair = { request: request.raw, response: reply.raw }
    await subscribeNode(hub, pair, options, hostOf(request, reply))
    return reply
  }
}

function hostOf<Request>(context: Request, reply: FastifyReplyLike): NodeHost<Request> {
  return {
    context,
    // A hijacked reply forgets the headers that were set on it: those of CORS, cookies and helmet.
    prepare: () => adoptHeaders(reply.raw, reply.getHeaders()),
    takeOver: () => void reply.hijack(),
  }
}
