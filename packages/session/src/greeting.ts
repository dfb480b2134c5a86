import { encodeComment, encodeEvent, encodeRetry } from '@heartline/wire'
import { encodeFramed } from './chunk.ts'
import type { HeartbeatKind, ResolvedSessionOptions } from './options.ts'
import type { Framing } from './transport.ts'

/** A reconnection delay spread upwards: a value in [ms, ms * (1 + jitter)). */
export function jitterUp(ms: number, jitter: number, random: () => number): number {
  return Math.floor(ms + ms * jitter * random())
}

/** What tells a reader how long silence is normal; 0 = there are no heartbeats. */
export function heartbeatNotice(ms: number): string {
  return `heartline heartbeat=${ms}`
}

/**
 * The first bytes of every stream: they make browsers report the stream as open, push proxies to
 * pass the response on, and tell the reader how long silence is normal.
 */
export function firstText(options: ResolvedSessionOptions): string {
  const retry = jitterUp(options.retryMs, options.retryJitter, options.random)
  return `: ${heartbeatNotice(options.heartbeatMs)}\nretry: ${retry}\n\n`
}

/**
 * The last bytes of a stream that is sent away: when to come back. Readers of GraphQL, whose
 * heartbeat is `ping`, get no event that their protocol does not know: they would fail on it.
 */
export function farewellText(
  retryMs: number,
  policy: Pick<ResolvedSessionOptions, 'retryJitter' | 'random' | 'heartbeatKind'>,
): string {
  const retry = jitterUp(retryMs, policy.retryJitter, policy.random)
  if (policy.heartbeatKind === 'ping') return encodeRetry(retry)
  return encodeEvent({ type: 'heartline.drain', data: JSON.stringify({ retryMs: retry }), retry })
}

function heartbeatText(kind: HeartbeatKind, unixMs: number): string {
  if (kind === 'comment') return encodeComment(`hb ${unixMs}`)
  if (kind === 'ping') return encodeComment('ping')
  return encodeEvent({ type: 'heartbeat', data: `{"type":"HEARTBEAT","timestamp":${unixMs}}` })
}

let lastMs = -1
let lastKind: HeartbeatKind = 'comment'
let lastFraming: Framing = 'raw'
let lastFrame: Uint8Array = new Uint8Array()

/** The bytes of a heartbeat. Sessions that beat one after the other share them. */
export function heartbeatFrame(kind: HeartbeatKind, framing: Framing, unixMs: number): Uint8Array {
  if (unixMs !== lastMs || kind !== lastKind || framing !== lastFraming) {
    lastMs = unixMs
    lastKind = kind
    lastFraming = framing
    lastFrame = encodeFramed(heartbeatText(kind, unixMs), framing)
  }
  return lastFrame
}
