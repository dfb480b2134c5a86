import type { Route } from '../http/route.ts'
import { requireAdmin } from './admin.ts'

const LIMIT = { min: 1, max: 1000, default: 100 }

/** `GET /v1/topics`: topics that were published to, most recent first, with events a second. */
export const topicsRoute: Route = {
  path: '/v1/topics',
  async GET(exchange, services) {
    await requireAdmin(exchange, services)
    const limit = exchange.integer('limit', LIMIT)
    exchange.sendJson(200, { topics: await services.peers.topics(limit) })
  },
}
