import type { AckRequest } from '@heartline/hub'
import { HeartlineError, isCursor } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import { readJson, requireType } from '../http/body.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Route } from '../http/route.ts'
import { requireOwner, requireSession } from './session-owner.ts'

const MAX_ACK_BYTES = 4096
const MAX_RTT_MS = 3_600_000

/** `POST /v1/sessions/{id}/ack`: the client's half of the two-way heartbeat. */
export const sessionAckRoute: Route = {
  path: '/v1/sessions/{id}/ack',
  async POST(exchange, services) {
    const { query } = exchange
    const authorization = exchange.header('authorization')
    const grant = await services.authenticator.authenticate({ authorization, query })
    const session = await requireSession(exchange, services)
    requireOwner(session, grant)
    const ack = await readAck(exchange, services.config.limits.bodyTimeoutMs)
    const isNoted = await services.peers.ack(session.id, ack)
    if (!isNoted) throw new HeartlineError(serverErrors.sessionUnknown)
    exchange.sendEmpty(204)
  },
}

async function readAck(exchange: Exchange, timeoutMs: number): Promise<AckRequest> {
  if (!exchange.hasBody) return {}
  requireType(exchange, ['application/json'])
  const body = await readJson(exchange, { maxBytes: MAX_ACK_BYTES, timeoutMs })
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid('an object is needed')
  }
  const { cursor, rttMs, ...rest } = body as Record<string, unknown>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw invalid(`"${unknown.slice(0, 64)}" is unknown`)
  if (cursor !== undefined && !(typeof cursor === 'string' && isCursor(cursor))) {
    throw invalid('"cursor" must be the id of an event')
  }
  const isRtt = typeof rttMs === 'number' && rttMs >= 0 && rttMs <= MAX_RTT_MS
  if (rttMs !== undefined && !isRtt) throw invalid(`"rttMs" must be from 0 to ${MAX_RTT_MS}`)
  return { cursor, rttMs }
}

function invalid(reason: string): HeartlineError {
  return new HeartlineError(serverErrors.bodyInvalid, { reason })
}
