import { HeartlineError } from '@heartline/wire'
import type { Grant } from '../auth/grant.ts'
import { serverErrors } from '../errors.ts'
import { readJson, requireType } from '../http/body.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Route, Services } from '../http/route.ts'
import { ownerOf, requireSession } from './session-owner.ts'

const MAX_TOKEN_BYTES = 16_384

/**
 * `POST /v1/sessions/{id}/token`: goes on under a new token of the same subject, without
 * reconnecting. The token is in the Authorization header, or in the body as `{ "token": ... }`.
 */
export const sessionTokenRoute: Route = {
  path: '/v1/sessions/{id}/token',
  async POST(exchange, services) {
    const grant = await newGrant(exchange, services)
    const session = await requireSession(exchange, services)
    if (ownerOf(session) !== grant.subject) throw new HeartlineError(serverErrors.subjectMismatch)
    const { subscribe: rights, expiresAtMs } = grant
    if (!(await services.peers.renew(session.id, { rights, expiresAtMs }))) {
      throw new HeartlineError(serverErrors.sessionUnknown)
    }
    exchange.sendJson(200, { expiresAtMs: expiresAtMs ?? null })
  },
}

async function newGrant(exchange: Exchange, services: Services): Promise<Grant> {
  const { authenticator, config } = services
  if (!exchange.hasBody) {
    const authorization = exchange.header('authorization')
    // Anonymous reading is no token: it would take the rights of a session that has some.
    if (authorization === undefined && !authenticator.isDevelopment) {
      throw new HeartlineError(serverErrors.authRequired)
    }
    return authenticator.authenticate({ authorization, query: exchange.query })
  }
  requireType(exchange, ['application/json'])
  const limits = { maxBytes: MAX_TOKEN_BYTES, timeoutMs: config.limits.bodyTimeoutMs }
  const body = await readJson(exchange, limits)
  const token =
    typeof body === 'object' && body !== null && 'token' in body ? body.token : undefined
  if (typeof token === 'string') return authenticator.verify(token)
  throw new HeartlineError(serverErrors.bodyInvalid, { reason: '"token" must be a text' })
}
