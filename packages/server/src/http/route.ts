import type { Hub } from '@heartline/hub'
import type { Authenticator } from '../auth/authenticator.ts'
import type { Tickets } from '../auth/ticket-store.ts'
import type { Config } from '../config/config.ts'
import type { SharedLog } from '../feed/shared-log.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Peers } from '../peers/peers.ts'
import type { Exchange } from './exchange.ts'

/** What the routes stand on. */
export interface Services {
  readonly config: Config
  readonly hub: Hub
  /** The log itself, for relays. */
  readonly sharedLog: SharedLog
  readonly peers: Peers
  readonly authenticator: Authenticator
  readonly tickets: Tickets
  readonly metrics: Metrics
  readonly log: Logger
  readonly random: () => number
}

/** Answers one request, or throws what becomes a problem document. */
export type Handler = (exchange: Exchange, services: Services) => Promise<void> | void

/** One path and what it takes. */
export interface Route {
  /** `{name}` stands for one segment. Also the label of the metrics. */
  readonly path: string
  readonly GET?: Handler
  /** Default: `GET` without its body. */
  readonly HEAD?: Handler
  readonly POST?: Handler
  readonly DELETE?: Handler
}
