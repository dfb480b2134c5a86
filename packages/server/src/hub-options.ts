import type { Broker } from '@heartline/broker'
import type { HubOptions } from '@heartline/hub'
import type { Config } from './config/config.ts'
import type { Logger } from './log.ts'

/** What the configuration says to the hub. */
export function toHubOptions(config: Config, broker: Broker, log: Logger): HubOptions {
  const { session, limits } = config
  return {
    broker,
    namespaces: config.namespaces,
    heartbeatMs: config.heartbeat,
    heartbeatKind: config.heartbeatKind,
    retryMs: config.retry,
    maxBlockedMs: session.maxBlockedMs,
    maxAgeMs: session.maxAgeMs,
    cohortLogBytes: session.cohortLogBytes,
    maxEventBytes: limits.maxEventBytes,
    maxTopicLength: limits.maxTopicLength,
    maxSelectors: limits.maxSelectors,
    maxSessions: limits.maxSessions,
    onSessionEnd: ({ id, reason, durationMs }) =>
      log.debug({ session: shortId(id), reason, durationMs }, 'Session ended'),
  }
}

/** A session id lets its holder act on the session; the log gets enough of it to recognize it. */
function shortId(id: string): string {
  return id.slice(0, 6)
}
