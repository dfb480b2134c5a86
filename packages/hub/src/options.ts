import type { Broker } from '@heartline/broker'
import type { EndReason } from '@heartline/session'

/** What happens to a reader that cannot take what is published. */
export type SlowPolicy =
  /** It is sent everything from the shared log or from history once it reads again. */
  | 'catch-up'
  /** It is sent only the newest event of each key once it reads again, after a `heartline.gap`. */
  | 'latest'
  /** It is cut with the reason `slow` and may come back with its cursor. */
  | 'disconnect'

/** Options of the topics that a selector matches. The first namespace that matches a topic counts. */
export interface NamespaceOptions {
  /** A selector: exact, `a/*`, `a/**`. */
  readonly topics: string
  /**
   * What a returning reader is given: all retained events, only the newest event of each key
   * (latest-value topics; also sent to a new reader), or nothing (said with a gap). Default `all`.
   */
  readonly history?: 'all' | 'latest' | 'none' | undefined
  /** Events older than this are not replayed. Default 0 = no limit but the log's own. */
  readonly historyMaxAgeMs?: number | undefined
  /** Whether `presence` answers for these topics. Default true. */
  readonly presence?: boolean | undefined
  /** Default `catch-up`. */
  readonly slowPolicy?: SlowPolicy | undefined
  /** Heartbeat of sessions whose first selector falls in here. Default: the hub's. 0 = off. */
  readonly heartbeatMs?: number | undefined
  /** Every event is private. Default false. */
  readonly private?: boolean | undefined
}

export interface HubOptions {
  readonly broker: Broker
  readonly namespaces?: readonly NamespaceOptions[] | undefined
  /** Default 15,000; 0 = off; else 1,000 to 600,000. */
  readonly heartbeatMs?: number | undefined
  /** `comment` (default) or `event` (visible to a plain EventSource). */
  readonly heartbeatKind?: 'comment' | 'event' | undefined
  /** Reconnection time told on connect, before jitter. Default 2,000. */
  readonly retryMs?: number | undefined
  /** A write that waits longer ends the session with `blocked`. Default 60,000; 0 = never. */
  readonly maxBlockedMs?: number | undefined
  /** Planned rotation. Default 0 = never. */
  readonly maxAgeMs?: number | undefined
  /** Bytes of the shared log kept for readers that fall behind, per cohort. Default 1 MiB. */
  readonly cohortLogBytes?: number | undefined
  /** Sessions written to between two turns of the event loop. Default 1,024. */
  readonly flushSlice?: number | undefined
  /** Largest event text in bytes. Default 1 MiB. */
  readonly maxEventBytes?: number | undefined
  readonly maxTopicLength?: number | undefined
  /** Selectors of one session. Default 100. */
  readonly maxSelectors?: number | undefined
  /** Open sessions. Default 0 = no limit. */
  readonly maxSessions?: number | undefined
  /** Told once for each session that ended. */
  readonly onSessionEnd?:
    | ((end: { id: string; subscriber: string; reason: EndReason; durationMs: number }) => void)
    | undefined
}
