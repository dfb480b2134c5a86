import type { Subscription } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import type { Grant } from '../auth/grant.ts'
import { serverErrors } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { accepts } from '../http/media-type.ts'
import type { RequestView } from '../http/request-view.ts'
import type { Services } from '../http/route.ts'

const EVENT_STREAM = 'text/event-stream'
/** Refused plain EventSources come back within this time, spread evenly. */
const OVERLOAD_RETRY_MS = { min: 2000, spread: 8000 }

/** `GET /v1/events`: the stream. */
export async function openStream(exchange: Exchange, services: Services): Promise<void> {
  const subscription = await admitOrSendBack(exchange, services)
  if (subscription === undefined) return
  if (exchange.response.destroyed) return
  const { request, response, streamExtra } = exchange
  services.hub.open(request, response, subscription, streamExtra)
}

/** `HEAD /v1/events`: whether the stream would be there. */
export async function probeStream(exchange: Exchange, services: Services): Promise<void> {
  const subscription = await admitOrSendBack(exchange, services)
  if (subscription !== undefined) exchange.send(200, '', streamHeaders(exchange))
}

/** What a reader asks for, if its grant allows it and there is room. Throws what refuses it. */
export function admitReader(request: RequestView, grant: Grant, services: Services): Subscription {
  requireAccept(request)
  const { query } = request
  return services.hub.admit({
    selectors: query.getAll('topic'),
    subscriber: grant.subject,
    rights: grant.subscribe,
    anonymous: grant.anonymous,
    expiresAtMs: grant.expiresAtMs,
    lastEventId: request.header('last-event-id') ?? (query.get('lastEventId') || undefined),
    since: query.get('since') || undefined,
    silence: query.get('silence') || undefined,
    tell: query.get('tell') || undefined,
  })
}

async function admitOrSendBack(
  exchange: Exchange,
  services: Services,
): Promise<Subscription | undefined> {
  // Before a ticket is redeemed, which works once.
  requireAccept(exchange)
  const authorization = exchange.header('authorization')
  const credentials = { authorization, query: exchange.query }
  const grant = await services.authenticator.authenticateReader(credentials)
  try {
    return admitReader(exchange, grant, services)
  } catch (error) {
    if (!isOverload(error) || exchange.header('heartline-client') !== undefined) throw error
    sendBackLater(exchange, services.random)
    return undefined
  }
}

function requireAccept(request: RequestView): void {
  if (accepts(request.header('accept'), EVENT_STREAM)) return
  throw new HeartlineError(serverErrors.notAcceptable)
}

function isOverload(error: unknown): boolean {
  return error instanceof HeartlineError && error.status === 503
}

/**
 * A native EventSource gives up for good on a 503. It comes back after a complete 200, at the time
 * it is told.
 */
function sendBackLater(exchange: Exchange, random: () => number): void {
  const retryMs = OVERLOAD_RETRY_MS.min + Math.floor(random() * OVERLOAD_RETRY_MS.spread)
  const body = `: overloaded\nretry: ${retryMs}\n\n`
  exchange.send(200, body, streamHeaders(exchange))
}

function streamHeaders(exchange: Exchange): Record<string, string> {
  return {
    'content-type': EVENT_STREAM,
    'cache-control': 'no-cache, no-store, no-transform',
    'x-accel-buffering': 'no',
    ...(exchange.isHttp2 ? {} : { connection: 'close' }),
  }
}
