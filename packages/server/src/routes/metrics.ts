import type { Route } from '../http/route.ts'
import { requireAdmin } from './admin.ts'

/** `GET /metrics`: Prometheus text. */
export const metricsRoute: Route = {
  path: '/metrics',
  async GET(exchange, services) {
    const { config, peers } = services
    if (config.metrics.access === 'admin') await requireAdmin(exchange, services)
    const text = await peers.metrics()
    exchange.send(200, text, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
    })
  },
}
