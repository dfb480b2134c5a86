import type { Hub, Readiness } from '@heartline/hub'
import type { Route } from '../http/route.ts'

/** Probes that come at the same time, or within this time, share one round trip. */
const SHARED_MS = 250

interface Probe {
  readonly startedAt: number
  readonly result: Promise<Readiness>
}

const probes = new WeakMap<Hub, Probe>()

/** `GET /livez`: the process answers. */
export const livezRoute: Route = {
  path: '/livez',
  GET: (exchange) => exchange.sendJson(200, { alive: true }),
}

/** `GET /readyz`: an event published now would reach a reader. */
export const readyzRoute: Route = {
  path: '/readyz',
  async GET(exchange, { hub }) {
    const readiness = await probe(hub)
    exchange.sendJson(readiness.ready ? 200 : 503, readiness)
  },
}

function probe(hub: Hub): Promise<Readiness> {
  const now = performance.now()
  const last = probes.get(hub)
  // A drain is told at once, whatever was found before it.
  if (last !== undefined && now - last.startedAt < SHARED_MS && !hub.isDraining) return last.result
  const result = hub.checkReady()
  probes.set(hub, { startedAt: now, result })
  return result
}
