import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import type { Route } from '../http/route.ts'
import { requireAdmin } from './admin.ts'

/** `GET /v1/sessions/{id}` inspects a session, `DELETE` ends it. */
export const sessionRoute: Route = {
  path: '/v1/sessions/{id}',
  async GET(exchange, services) {
    await requireAdmin(exchange, services)
    const session = await services.peers.session(exchange.parameters['id'] ?? '')
    if (session === undefined) throw new HeartlineError(serverErrors.sessionUnknown)
    exchange.sendJson(200, session)
  },
  async DELETE(exchange, services) {
    await requireAdmin(exchange, services)
    const reconnect = readReconnect(exchange.query.get('reconnect'))
    const id = exchange.parameters['id'] ?? ''
    const isEnded = await services.peers.endSession(id, { reconnect })
    if (!isEnded) throw new HeartlineError(serverErrors.sessionUnknown)
    exchange.sendEmpty(204)
  },
}

/** Default: the reader may come back. */
function readReconnect(text: string | null): boolean {
  if (text === null || text === 'true') return true
  if (text === 'false') return false
  throw new HeartlineError(serverErrors.queryInvalid, {
    name: 'reconnect',
    reason: 'it must be true or false',
  })
}
