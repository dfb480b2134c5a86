import type { Route } from '../http/route.ts'
import { requireAdmin } from './admin.ts'

const LIMIT = { min: 1, max: 1000, default: 100 }

/** `GET /v1/sessions`: the open sessions, in the order they were opened. */
export const sessionsRoute: Route = {
  path: '/v1/sessions',
  async GET(exchange, services) {
    await requireAdmin(exchange, services)
    const limit = exchange.integer('limit', LIMIT)
    const after = exchange.query.get('after') || undefined
    exchange.sendJson(200, await services.peers.sessions({ after, limit }))
  },
}
