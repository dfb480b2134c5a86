import type { Hub } from '@heartline/hub'
import type { Tickets } from '../auth/ticket-store.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Peers } from './peers.ts'

/** What one server of several can tell of itself. */
export interface SeatParts {
  readonly hub: Hub
  readonly metrics: Metrics
}

/** The place of a server among several that share one address and one log. */
export interface Seat {
  /** Put before the ids of its sessions, so that any of them knows whose a session is. */
  readonly sessionIdPrefix: string
  /** Of how many servers on this machine it is one: they share what is read of the kernel. */
  readonly count: number
  /** Called once, when the hub is there and before anything is asked. */
  take(parts: SeatParts): { readonly peers: Peers; readonly tickets: Tickets }
  /** Asked while leaving, once this server publishes no more: see `DrainHubOptions`. */
  settled(): Promise<number>
}
