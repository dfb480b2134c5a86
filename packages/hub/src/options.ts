import type { Broker } from '@heartline/broker'
import type { BatchSender } from './batch-writer.ts'
import type { EndReason, KernelRound } from '@heartline/session'
import { HeartlineError } from '@heartline/wire'
import { hubErrors } from './errors.ts'
import { MAX_TOPIC_LENGTH } from './topic.ts'

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

/** Options of `createHub`. Only `broker` is needed. */
export interface HubOptions {
  readonly broker: Broker
  /** Sends to many readers at once, see `@heartline/io-uring`. Default `none`: each alone. */
  readonly batchSender?: BatchSender | 'none' | undefined
  /** Default: none, every topic has the defaults. */
  readonly namespaces?: readonly NamespaceOptions[] | undefined
  /** Default 15,000; 0 = off; else 1,000 to 600,000. */
  readonly heartbeatMs?: number | undefined
  /** `comment` (default) or `event` (visible to a plain EventSource). */
  readonly heartbeatKind?: 'comment' | 'event' | undefined
  /** Reconnection time told on connect, before jitter. Default 2,000. */
  readonly retryMs?: number | undefined
  /** A write that waits longer ends the session with `blocked`. Default 60,000; 0 = never. */
  readonly maxBlockedMs?: number | undefined
  /**
   * Whether readers that went away without a word are looked for in the kernel's tables of
   * connections: `auto` (default) where there are any, which is on Linux; `off`.
   */
  readonly kernelEvidence?: 'auto' | 'off' | undefined
  /**
   * A reader whose side acknowledged nothing for so long, though the kernel sent it bytes again and
   * again, is ended with `unreachable`. Default 10,000.
   */
  readonly maxUnacknowledgedMs?: number | undefined
  /** Planned rotation. Default 0 = never. */
  readonly maxAgeMs?: number | undefined
  /** Bytes of the shared log kept for readers that fall behind, per cohort. Default 1 MiB. */
  readonly cohortLogBytes?: number | undefined
  /** Bytes of recent events kept in memory to serve returning readers. Default 1 MiB. */
  readonly recentBytes?: number | undefined
  /** Sessions written to between two turns of the event loop. Default 1,024. */
  readonly flushSlice?: number | undefined
  /**
   * Least time between two flushes in milliseconds: what is published meanwhile leaves together.
   * Saves CPU under many small events, and adds at most this to their latency; the first event
   * after a pause leaves at once. Default 0, at most 10,000.
   */
  readonly minFlushMs?: number | undefined
  /** Largest data of one event in UTF-8 bytes. Default 1 MiB. */
  readonly maxEventBytes?: number | undefined
  /** Characters of a topic or selector. Default 256. */
  readonly maxTopicLength?: number | undefined
  /** Selectors of one session. Default 100. */
  readonly maxSelectors?: number | undefined
  /** Open sessions. Default 0 = no limit. */
  readonly maxSessions?: number | undefined
  /** Keys of latest-value topics kept in memory; the longest unchanged go first. Default 100,000. */
  readonly maxLatestKeys?: number | undefined
  /** How often the log is looked at: finds a dead tail, moves quiet readers on. Default 5,000. */
  readonly logCheckMs?: number | undefined
  /**
   * Put before the ids of sessions, so that one can see which hub a session is on. Up to 64
   * characters of `A-Z a-z 0-9 . _ ~ -`. Default: nothing.
   */
  readonly sessionIdPrefix?: string | undefined
  /**
   * Of the kernel's tables, read in a second at most. Default 2,000,000, about 13,000 connections;
   * several hubs on one machine may share that.
   */
  readonly kernelBytesPerSecond?: number | undefined
  /** Told after each look at the kernel's tables. Must not throw. */
  readonly onKernelRound?: ((round: KernelRound) => void) | undefined
  /** Told once, where this system shows no such tables. Must not throw. */
  readonly onKernelUnavailable?: ((error: Error) => void) | undefined
  /** Told once for each session that ended. Must not throw. */
  readonly onSessionEnd?: ((end: SessionEndReport) => void) | undefined
}

/** How a session ended. */
export interface SessionEndReport {
  readonly id: string
  readonly subscriber: string
  readonly reason: EndReason
  readonly durationMs: number
}

/** What works inside the hub: every option is there. */
export type ResolvedHubOptions = Readonly<
  Required<{ [Name in keyof HubOptions]: Exclude<HubOptions[Name], undefined> }>
>

/** What an option is that is not given. */
export const HUB_DEFAULTS: Readonly<Omit<ResolvedHubOptions, 'broker'>> = Object.freeze({
  batchSender: 'none',
  namespaces: [],
  heartbeatMs: 15_000,
  heartbeatKind: 'comment',
  retryMs: 2_000,
  maxBlockedMs: 60_000,
  kernelEvidence: 'auto',
  kernelBytesPerSecond: 2_000_000,
  maxUnacknowledgedMs: 10_000,
  maxAgeMs: 0,
  cohortLogBytes: 1_048_576,
  recentBytes: 1_048_576,
  flushSlice: 1_024,
  minFlushMs: 0,
  maxEventBytes: 1_048_576,
  maxTopicLength: MAX_TOPIC_LENGTH,
  maxSelectors: 100,
  maxSessions: 0,
  maxLatestKeys: 100_000,
  logCheckMs: 5_000,
  sessionIdPrefix: '',
  onKernelRound: () => {},
  onKernelUnavailable: () => {},
  onSessionEnd: () => {},
})

const INTEGERS: Readonly<Record<string, readonly [min: number, max: number]>> = {
  retryMs: [0, 3_600_000],
  maxBlockedMs: [0, Number.MAX_SAFE_INTEGER],
  maxUnacknowledgedMs: [1_000, 3_600_000],
  kernelBytesPerSecond: [1_000, Number.MAX_SAFE_INTEGER],
  maxAgeMs: [0, Number.MAX_SAFE_INTEGER],
  cohortLogBytes: [4_096, Number.MAX_SAFE_INTEGER],
  recentBytes: [0, Number.MAX_SAFE_INTEGER],
  flushSlice: [1, 1_000_000],
  minFlushMs: [0, 10_000],
  maxEventBytes: [1, 268_435_456],
  maxTopicLength: [1, 4_096],
  maxSelectors: [1, 10_000],
  maxSessions: [0, Number.MAX_SAFE_INTEGER],
  maxLatestKeys: [1, Number.MAX_SAFE_INTEGER],
  logCheckMs: [10, 3_600_000],
}

/**
 * Fills in the defaults and checks every value.
 * @throws HeartlineError `HL_OPTION_INVALID`, `HL_SELECTOR_INVALID` (a namespace's `topics`)
 */
export function resolveHubOptions(options: HubOptions): ResolvedHubOptions {
  requireBroker((options as Partial<HubOptions> | undefined)?.broker)
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const resolved: ResolvedHubOptions = {
    ...HUB_DEFAULTS,
    ...Object.fromEntries(given),
    broker: options.broker,
  }
  for (const [option, [min, max]] of Object.entries(INTEGERS)) {
    checkInteger(option, resolved[option as keyof ResolvedHubOptions], min, max)
  }
  checkPrefix(resolved.sessionIdPrefix)
  checkHeartbeat('heartbeatMs', resolved.heartbeatMs)
  checkChoice('heartbeatKind', resolved.heartbeatKind, ['comment', 'event'])
  checkChoice('kernelEvidence', resolved.kernelEvidence, ['auto', 'off'])
  return resolved
}

/** @throws HeartlineError `HL_OPTION_INVALID` when the value is none of the choices */
export function checkChoice(option: string, value: unknown, choices: readonly unknown[]): void {
  if (choices.includes(value)) return
  throw new HeartlineError(hubErrors.optionInvalid, {
    option,
    reason: `${String(value)} is none of ${choices.join(', ')}`,
  })
}

/** @throws HeartlineError `HL_OPTION_INVALID` */
export function checkInteger(option: string, value: unknown, min: number, max: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return
  throw new HeartlineError(hubErrors.optionInvalid, {
    option,
    reason: `${String(value)} is not a whole number from ${min} to ${max}`,
  })
}

/** A promise of one is what is given when an `await` was forgotten. */
function requireBroker(broker: Partial<Broker> | undefined): void {
  if (typeof broker?.append === 'function' && typeof broker.tail === 'function') return
  throw new HeartlineError(hubErrors.optionInvalid, {
    option: 'broker',
    reason: 'a log is needed, such as createMemoryBroker() or await openDiskBroker(…)',
  })
}

function checkPrefix(prefix: string): void {
  if (typeof prefix === 'string' && /^[A-Za-z0-9._~-]{0,64}$/.test(prefix)) return
  throw new HeartlineError(hubErrors.optionInvalid, {
    option: 'sessionIdPrefix',
    reason: 'it is not made of up to 64 characters of A-Z a-z 0-9 . _ ~ -',
  })
}

/** 0 = off, or 1 second to 10 minutes. */
export function checkHeartbeat(option: string, value: number): void {
  if (value === 0 || (Number.isSafeInteger(value) && value >= 1_000 && value <= 600_000)) return
  throw new HeartlineError(hubErrors.optionInvalid, {
    option,
    reason: `${String(value)} is neither 0 nor a whole number from 1000 to 600000`,
  })
}
