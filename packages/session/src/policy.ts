import type { ResolvedSessionOptions } from './options.ts'

/** What sessions that were opened alike have in common. */
export type SessionPolicy = Pick<
  ResolvedSessionOptions,
  | 'heartbeatMs'
  | 'heartbeatKind'
  | 'onHeartbeat'
  | 'batch'
  | 'monitor'
  | 'retryMs'
  | 'retryJitter'
  | 'maxBlockedMs'
  | 'maxAgeMs'
  | 'maxPendingBytes'
  | 'wheel'
  | 'random'
>

/** More kinds of sessions than most processes open. */
const REMEMBERED = 8
let recent: readonly SessionPolicy[] = []

/** One object for all sessions that were opened alike: each would else hold its own for its life. */
export function policyOf(options: ResolvedSessionOptions): SessionPolicy {
  for (const policy of recent) if (isSame(policy, options)) return policy
  const { heartbeatMs, heartbeatKind, onHeartbeat, monitor, batch } = options
  const { retryMs, retryJitter, maxBlockedMs, maxAgeMs, maxPendingBytes, wheel, random } = options
  const beat = { heartbeatMs, heartbeatKind, onHeartbeat, monitor, batch }
  const limits = { maxBlockedMs, maxAgeMs, maxPendingBytes }
  const policy = Object.freeze({ ...beat, ...limits, retryMs, retryJitter, wheel, random })
  recent = [policy, ...recent.slice(0, REMEMBERED - 1)]
  return policy
}

function isSame(a: SessionPolicy, b: SessionPolicy): boolean {
  return (
    a.wheel === b.wheel &&
    a.heartbeatMs === b.heartbeatMs &&
    a.heartbeatKind === b.heartbeatKind &&
    a.onHeartbeat === b.onHeartbeat &&
    a.batch === b.batch &&
    a.monitor === b.monitor &&
    a.retryMs === b.retryMs &&
    a.retryJitter === b.retryJitter &&
    a.maxBlockedMs === b.maxBlockedMs &&
    a.maxAgeMs === b.maxAgeMs &&
    a.maxPendingBytes === b.maxPendingBytes &&
    a.random === b.random
  )
}
