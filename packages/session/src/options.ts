import { HeartlineError } from '@heartline/wire'
import type { WriteBatch } from './batch.ts'
import { sessionErrors } from './errors.ts'
import type { SessionMonitor } from './monitor.ts'
import { randomSessionId } from './session-id.ts'
import { sharedWheel, type Wheel } from './wheel.ts'

/**
 * `comment`: `: hb <unix ms>`. `event`: `event: heartbeat`, for readers that must see it. `ping`: the
 * comment `: ping`, as GraphQL servers send it.
 */
export type HeartbeatKind = 'comment' | 'event' | 'ping'

const KINDS: readonly HeartbeatKind[] = ['comment', 'event', 'ping']

/** How one session behaves. Everything has a default. */
export interface SessionOptions {
  /**
   * Silence after which a heartbeat is sent. Default 15,000; 0 = none; else 1,000 to 600,000.
   * Stay below 10,000 under Bun, which closes connections that were idle for 10 s.
   */
  heartbeatMs?: number | undefined
  /** Default `comment`. */
  heartbeatKind?: HeartbeatKind | undefined
  /** The reader's reconnection delay (`retry:`). Default 2,000. */
  retryMs?: number | undefined
  /** Share of `retryMs` that is added at random, so that readers do not return at once. Default 0.5. */
  retryJitter?: number | undefined
  /** A reader that takes nothing for longer, or no MiB of a large write, ends as `blocked`. Default 60,000; 0 = never. */
  maxBlockedMs?: number | undefined
  /** Age at which it ends with `max-age`, less up to 10 % at random. Default 0 = never. */
  maxAgeMs?: number | undefined
  /** Unix milliseconds at which it ends with `token-expired`. Default: never. */
  expiresAtMs?: number | undefined
  /** Bytes `send` may queue while the reader is blocked; more ends it with `slow`. Default 1 MiB. */
  maxPendingBytes?: number | undefined
  /**
   * More response headers. Those a framework has already set on a Node response are kept.
   * `Content-Type`, `Content-Length`, `Transfer-Encoding` and `Connection` are not yours to set.
   */
  headers?: Readonly<Record<string, string>> | undefined
  /** 1 to 128 of `[A-Za-z0-9._~-]`. Must not be guessable. Default: 132 random bits. */
  id?: string | undefined
  /** Address of the reader, where the transport does not know it or a trusted proxy knows better. */
  remoteAddress?: string | undefined
  /** The wheel its deadlines run on. Default: the one of the process. */
  wheel?: Wheel | undefined
  /** Called for each heartbeat that is sent: one function for all sessions. Must not throw. */
  onHeartbeat?: (() => void) | undefined
  /**
   * Sends heartbeats together with those of other sessions. Whoever gives it flushes it after each
   * turn of the wheel (`Wheel.afterTurn`). Default: each is sent alone.
   */
  batch?: WriteBatch | undefined
  /** Told about it and all others that were opened with the same monitor. Default: nobody is. */
  monitor?: SessionMonitor | undefined
  /** Numbers in [0, 1), for jitter only. Default `Math.random`. */
  random?: (() => number) | undefined
}

/** Options with every default filled in and every value checked. */
export interface ResolvedSessionOptions {
  readonly heartbeatMs: number
  readonly heartbeatKind: HeartbeatKind
  readonly retryMs: number
  readonly retryJitter: number
  readonly maxBlockedMs: number
  readonly maxAgeMs: number
  readonly expiresAtMs: number | undefined
  readonly maxPendingBytes: number
  readonly headers: Readonly<Record<string, string>>
  readonly id: string
  readonly remoteAddress: string | undefined
  readonly wheel: Wheel
  readonly onHeartbeat: () => void
  readonly batch: WriteBatch | undefined
  readonly monitor: SessionMonitor | undefined
  readonly random: () => number
}

/** The defaults that are plain values. */
export const sessionDefaults: Readonly<
  Omit<ResolvedSessionOptions, 'id' | 'wheel' | 'remoteAddress'>
> = Object.freeze({
  heartbeatMs: 15_000,
  heartbeatKind: 'comment',
  retryMs: 2_000,
  retryJitter: 0.5,
  maxBlockedMs: 60_000,
  maxAgeMs: 0,
  expiresAtMs: undefined,
  maxPendingBytes: 1_048_576,
  headers: Object.freeze({}),
  onHeartbeat: () => {},
  batch: undefined,
  monitor: undefined,
  random: Math.random,
})

/** The bounds of a heartbeat interval that is not 0, in milliseconds. */
const HEARTBEAT_MIN_MS = 1_000
const HEARTBEAT_MAX_MS = 600_000

/** Longest duration taken: 2^31 - 1, the limit of timers, about 24 days. */
const MAX_MS = 2_147_483_647
const ID = /^[A-Za-z0-9._~-]{1,128}$/

/** Fills in the defaults. Throws `HL_OPTION_INVALID` for a value out of bounds. */
export function resolveSessionOptions(options: SessionOptions = {}): ResolvedSessionOptions {
  const given = sessionDefaults
  const resolved: ResolvedSessionOptions = {
    heartbeatMs: options.heartbeatMs ?? given.heartbeatMs,
    heartbeatKind: options.heartbeatKind ?? given.heartbeatKind,
    retryMs: options.retryMs ?? given.retryMs,
    retryJitter: options.retryJitter ?? given.retryJitter,
    maxBlockedMs: options.maxBlockedMs ?? given.maxBlockedMs,
    maxAgeMs: options.maxAgeMs ?? given.maxAgeMs,
    expiresAtMs: options.expiresAtMs,
    maxPendingBytes: options.maxPendingBytes ?? given.maxPendingBytes,
    headers: options.headers ?? given.headers,
    id: options.id ?? randomSessionId(),
    remoteAddress: options.remoteAddress,
    wheel: options.wheel ?? sharedWheel(),
    onHeartbeat: options.onHeartbeat ?? given.onHeartbeat,
    batch: options.batch,
    monitor: options.monitor,
    random: options.random ?? given.random,
  }
  checkOptions(resolved)
  return resolved
}

function checkOptions(options: ResolvedSessionOptions): void {
  checkHeartbeat(options.heartbeatMs)
  if (!KINDS.includes(options.heartbeatKind)) {
    throw invalid('heartbeatKind', options.heartbeatKind, '"comment", "event" or "ping"')
  }
  checkNumber('retryMs', options.retryMs, MAX_MS)
  checkNumber('retryJitter', options.retryJitter, 10)
  checkNumber('maxBlockedMs', options.maxBlockedMs, MAX_MS)
  checkNumber('maxAgeMs', options.maxAgeMs, MAX_MS)
  checkNumber('maxPendingBytes', options.maxPendingBytes, Number.MAX_SAFE_INTEGER)
  if (options.expiresAtMs !== undefined) checkExpiry(options.expiresAtMs)
  if (typeof options.id !== 'string' || !ID.test(options.id)) {
    throw invalid('id', options.id, '1 to 128 characters of A-Z a-z 0-9 . _ ~ -')
  }
}

/** Throws `HL_OPTION_INVALID` unless it is 0 or 1,000 to 600,000. */
export function checkHeartbeat(ms: number): void {
  const isInterval = ms >= HEARTBEAT_MIN_MS && ms <= HEARTBEAT_MAX_MS
  if (typeof ms === 'number' && (ms === 0 || isInterval)) return
  throw invalid('heartbeatMs', ms, `0 (off) or ${HEARTBEAT_MIN_MS} to ${HEARTBEAT_MAX_MS}`)
}

/** Throws `HL_OPTION_INVALID` unless it is a time in Unix milliseconds. */
export function checkExpiry(atMs: number): void {
  checkNumber('expiresAtMs', atMs, Number.MAX_SAFE_INTEGER)
}

/** Throws `HL_OPTION_INVALID` unless `value` is a number from 0 to `max`. */
export function checkNumber(option: string, value: number, max: number = MAX_MS): void {
  if (typeof value === 'number' && value >= 0 && value <= max) return
  throw invalid(option, value, `a number from 0 to ${max}`)
}

/** The error for an option that was given a value it does not take. */
export function invalid(option: string, given: unknown, allowed: string): HeartlineError {
  return new HeartlineError(sessionErrors.optionInvalid, {
    option,
    given: JSON.stringify(given) ?? typeof given,
    allowed,
  })
}
