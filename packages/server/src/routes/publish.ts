import type { PublishEvent } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import type { Grant } from '../auth/grant.ts'
import { serverErrors } from '../errors.ts'
import { readJson, requireType } from '../http/body.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../http/route.ts'
import { publishLines } from './publish-lines.ts'
import { publishStatus } from './publish-status.ts'

const JSON_TYPE = 'application/json'
const LINE_TYPES = ['application/x-ndjson', 'application/jsonl', 'application/ndjson']

/**
 * `POST /v1/events`: one event, a list of events (stored all or none), or lines (stored as they
 * arrive). Answers 201, or 200 when everything had been stored before.
 */
export async function publish(exchange: Exchange, services: Services): Promise<void> {
  const { query } = exchange
  const authorization = exchange.header('authorization')
  const grant = await services.authenticator.authenticate({ authorization, query })
  const type = requireType(exchange, [JSON_TYPE, ...LINE_TYPES])
  const key = exchange.header('idempotency-key')
  if (type !== JSON_TYPE) {
    if (key !== undefined) throw refuseKey('it names one event, give each line a publishId')
    return publishLines(exchange, services, grant)
  }
  const { maxBodyBytes: maxBytes, bodyTimeoutMs: timeoutMs } = services.config.limits
  const body = await readJson(exchange, { maxBytes, timeoutMs })
  if (Array.isArray(body)) {
    if (key !== undefined) throw refuseKey('it names one event, give each of the list a publishId')
    return publishList(exchange, services, { grant, events: body as PublishEvent[] })
  }
  return publishOne(exchange, services, { grant, event: withKey(body as PublishEvent, key) })
}

async function publishOne(
  exchange: Exchange,
  services: Services,
  what: { grant: Grant; event: PublishEvent },
): Promise<void> {
  const [result] = await services.hub.publish([what.event], what.grant.publish).catch(withoutIndex)
  if (result !== undefined) exchange.sendJson(publishStatus([result]), result)
}

async function publishList(
  exchange: Exchange,
  services: Services,
  what: { grant: Grant; events: readonly PublishEvent[] },
): Promise<void> {
  const results = await services.hub.publish(what.events, what.grant.publish)
  exchange.sendJson(publishStatus(results), results)
}

function withKey(event: PublishEvent, key: string | undefined): PublishEvent {
  if (key === undefined || typeof event !== 'object' || event === null) return event
  if (event.publishId !== undefined && event.publishId !== key) {
    throw refuseKey('the event has another publishId')
  }
  return { ...event, publishId: key }
}

function refuseKey(reason: string): HeartlineError {
  return new HeartlineError(serverErrors.idempotencyKey, { reason })
}

/** A single event has no index that would help its publisher. */
function withoutIndex(error: unknown): never {
  if (!(error instanceof HeartlineError)) throw error
  const { index: _, ...details } = error.details
  throw new HeartlineError(error, details, error.cause)
}
