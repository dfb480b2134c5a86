import type { Config } from '../config/config.ts'
import type { Route } from '../http/route.ts'
import { consoleRoutes } from './console.ts'
import { eventsRoute } from './events.ts'
import { logRoutes } from './log.ts'
import { livezRoute, readyzRoute } from './health.ts'
import { historyRoute } from './history.ts'
import { metricsRoute } from './metrics.ts'
import { presenceRoute } from './presence.ts'
import { sessionAckRoute } from './session-ack.ts'
import { sessionTokenRoute } from './session-token.ts'
import { sessionRoute } from './session.ts'
import { sessionsRoute } from './sessions.ts'
import { ticketsRoute } from './tickets.ts'
import { topicsRoute } from './topics.ts'

/** The routes that a configuration switches on. */
export function routesFor(config: Config): Route[] {
  return [
    eventsRoute,
    historyRoute,
    presenceRoute,
    sessionsRoute,
    sessionRoute,
    sessionAckRoute,
    sessionTokenRoute,
    ticketsRoute,
    topicsRoute,
    ...logRoutes,
    livezRoute,
    readyzRoute,
    ...(config.metrics.enabled ? [metricsRoute] : []),
    ...(config.console.enabled ? consoleRoutes() : []),
  ]
}
