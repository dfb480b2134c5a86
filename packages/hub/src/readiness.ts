import type { Broker, WritableState } from '@heartline/broker'
import type { LogFollower } from './log-follower.ts'

/** A round trip through the broker that takes longer counts as failed. */
const ROUND_TRIP_MS = 2_000

/** The answer of `checkReady`. */
export interface Readiness {
  readonly ready: boolean
  /** `draining`, `saturated`, `broker-unavailable`, `broker-timeout`, `tail-stale`, `storage-full`. */
  readonly reasons: readonly string[]
}

/** Whether an event that is published now would reach a reader: asks the log, not the process. */
export async function checkBroker(broker: Broker, follower: LogFollower): Promise<string[]> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<string[]>((resolve) => {
    timer = setTimeout(() => resolve(['broker-timeout']), ROUND_TRIP_MS)
  })
  const reasons = await Promise.race([roundTrip(broker, follower), timeout])
  clearTimeout(timer)
  return reasons
}

async function roundTrip(broker: Broker, follower: LogFollower): Promise<string[]> {
  try {
    const reasons: string[] = []
    const refusal = await writableOf(broker)?.writable()
    if (refusal !== undefined)
      reasons.push(refusal === 'storage-full' ? refusal : 'broker-unavailable')
    if (!follower.isLive || !(await follower.caughtUp(ROUND_TRIP_MS / 2)))
      reasons.push('tail-stale')
    return reasons
  } catch {
    return ['broker-unavailable']
  }
}

function writableOf(broker: Broker & Partial<WritableState>): WritableState | undefined {
  return typeof broker.writable === 'function' ? (broker as Broker & WritableState) : undefined
}
