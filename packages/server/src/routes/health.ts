import type { Readiness } from '@heartline/hub'
import type { Route, Services } from '../http/route.ts'
import type { Peers } from '../peers/peers.ts'

/** Probes that come at the same time, or within this time, share one round trip. */
const SHARED_MS = 250

interface Probe {
  readonly startedAt: number
  readonly result: Promise<Readiness>
}

const probes = new WeakMap<Peers, Probe>()

/** `GET /livez`: the process answers. */
export const livezRoute: Route = {
  path: '/livez',
  GET: (exchange) => exchange.sendJson(200, { alive: true }),
}

/** `GET /readyz`: an event published now would reach a reader. */
export const readyzRoute: Route = {
  path: '/readyz',
  async GET(exchange, services) {
    const readiness = await probe(services)
    exchange.sendJson(readiness.ready ? 200 : 503, readiness)
  },
}

function probe({ hub, peers }: Services): Promise<Readiness> {
  const now = performance.now()
  const last = probes.get(peers)
  // A drain is told at once, whatever was found before it.
  if (last !== undefined && now - last.startedAt < SHARED_MS && !hub.isDraining) return last.result
  const result = peers.readiness()
  probes.set(peers, { startedAt: now, result })
  return result
}
