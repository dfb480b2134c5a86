import type { Broker } from '@heartline/broker'
import { HUB_DEFAULTS, type HubOptions } from '@heartline/hub'
import type { Config } from './config/config.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Seat } from './peers/seat.ts'

const NO_EVIDENCE =
  'This system does not show its connections: readers that vanish are found by blocked writes and missed acknowledgements only'

/** Where to say what happens in the hub. */
export interface HubReport {
  readonly log: Logger
  readonly metrics: Metrics
}

/** What the configuration says to the hub. */
export function toHubOptions(config: Config, broker: Broker, report: HubReport): HubOptions {
  const { session, limits } = config
  const { log, metrics } = report
  return {
    broker,
    namespaces: config.namespaces,
    heartbeatMs: config.heartbeat,
    heartbeatKind: config.heartbeatKind,
    retryMs: config.retry,
    maxBlockedMs: session.maxBlockedMs,
    kernelEvidence: session.kernelEvidence,
    maxUnacknowledgedMs: session.maxUnacknowledgedMs,
    maxAgeMs: session.maxAgeMs,
    minFlushMs: session.minFlushMs,
    cohortLogBytes: session.cohortLogBytes,
    maxEventBytes: limits.maxEventBytes,
    maxTopicLength: limits.maxTopicLength,
    maxSelectors: limits.maxSelectors,
    maxSessions: limits.maxSessions,
    onSessionEnd: ({ id, reason, durationMs }) => {
      metrics.observeSessionEnd(durationMs)
      log.debug({ session: shortId(id), reason, durationMs }, 'Session ended')
    },
    onKernelRound: ({ durationMs }) => metrics.observeKernelRound(durationMs),
    onKernelUnavailable: (error) => log.info({ error: error.message }, NO_EVIDENCE),
  }
}

/** What the place among several says to the hub. */
export function toSeatOptions(
  seat: Seat | undefined,
): Pick<HubOptions, 'sessionIdPrefix' | 'kernelBytesPerSecond'> {
  if (seat === undefined) return {}
  const { sessionIdPrefix, count } = seat
  // The tables are those of the machine: more workers must not read more of them.
  const kernelBytesPerSecond = Math.ceil(HUB_DEFAULTS.kernelBytesPerSecond / count)
  return { sessionIdPrefix, kernelBytesPerSecond }
}

/** A session id lets its holder act on the session; the log gets enough of it to recognize it. */
function shortId(id: string): string {
  // After the number of a worker, if there is one.
  return id.slice(0, id.indexOf('.') + 7)
}
