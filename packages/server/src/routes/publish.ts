import { readJson, requireType } from '../http/body.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../http/route.ts'
import { Publication, refuseKey } from './publication.ts'
import { publishLines } from './publish-lines.ts'

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
  const publication = new Publication(body, key)
  try {
    const results = await services.hub.publish(publication.events, grant.publish)
    const answer = publication.answer(results)
    exchange.sendJson(answer.status, answer.body)
  } catch (error) {
    throw publication.refusal(error)
  }
}
