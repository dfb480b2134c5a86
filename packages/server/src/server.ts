import type { Broker, WritableState } from '@heartline/broker'
import { createHub, type Hub } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import { Authenticator } from './auth/authenticator.ts'
import { loadKeyRing, type KeyRing } from './auth/key-ring.ts'
import { TicketStore } from './auth/ticket-store.ts'
import { TokenVerifier } from './auth/token-verifier.ts'
import type { Config } from './config/config.ts'
import { describeListen, isLocalListen } from './config/listen-address.ts'
import { serverErrors } from './errors.ts'
import { SharedLog } from './feed/shared-log.ts'
import { Entrance } from './http/entrance.ts'
import { Listener } from './http/listener.ts'
import { RequestHandler } from './http/request-handler.ts'
import type { Route } from './http/route.ts'
import { toHubOptions, toSeatOptions } from './hub-options.ts'
import { createJsonLogger, type Logger } from './log.ts'
import { Metrics } from './metrics/metrics.ts'
import { LocalPeers } from './peers/local-peers.ts'
import type { Seat } from './peers/seat.ts'
import { EventsAtDoor } from './routes/door.ts'
import { routesFor } from './routes/index.ts'
import { openStore } from './open-store.ts'
import { TimedBroker } from './timed-broker.ts'
import { chooseBatchSender, chooseSeam } from './write-seam.ts'

/** How long answers under way may take after the drain. */
const CLOSE_GRACE_MS = 2000

/** What can be given from outside, for tests and for programs that embed the server. */
export interface ServerDependencies {
  /** Default: silent. */
  readonly log?: Logger | undefined
  /** Unix milliseconds, for tokens and tickets. Default `Date.now`. */
  readonly now?: (() => number) | undefined
  /** Default `Math.random`. */
  readonly random?: (() => number) | undefined
  /** Default: what `config.store` names. It is closed with the server. */
  readonly broker?: (Broker & Partial<WritableState>) | undefined
  /** Routes besides the hub's own. */
  readonly routes?: readonly Route[] | undefined
  /** For one of several workers. Default: it is alone. */
  readonly seat?: Seat | undefined
}

/** A running hub with its HTTP interface. */
export interface HeartlineServer {
  readonly hub: Hub
  /** e.g. `http://127.0.0.1:8420`, or `unix:/run/heartline.sock`. */
  readonly url: string
  /** True when there is no key: everything is allowed, to this machine only. */
  readonly isDevelopment: boolean
  /**
   * Ends all streams in good order inside `deadlineMs` (default: `drain.deadlineMs`), then stops.
   * Idempotent.
   */
  stop(how?: { readonly deadlineMs?: number | undefined }): Promise<void>
}

interface Parts {
  readonly hub: Hub
  readonly broker: Broker
  readonly sharedLog: SharedLog
  readonly listener: Listener
  readonly metrics: Metrics
  readonly seat: Seat | undefined
}

/**
 * Opens the store, starts the hub and listens. Rejects with `HL_KEY_REQUIRED`, `HL_KEY_INVALID`,
 * `HL_CONFIG_INVALID`, `HL_LISTEN_FAILED`, `HL_STORE_LOCKED` and the other errors of the store.
 */
export async function createServer(
  config: Config,
  dependencies: ServerDependencies = {},
): Promise<HeartlineServer> {
  const ring = loadKeyRing(config.auth.keys)
  if (ring === undefined) requireLoopback(config)
  const log = dependencies.log ?? createJsonLogger('silent', { write: () => {} })
  // Of several workers none says what the first process has said.
  const warnings = dependencies.seat === undefined ? (ring?.warnings ?? []) : []
  for (const warning of warnings) log.warn({}, warning)
  const firstLog = dependencies.seat === undefined ? log : undefined
  const seam = await chooseSeam(config.session.seam, firstLog)
  const batchSender = await chooseBatchSender(config.session.ioUring, seam, firstLog)
  const store = dependencies.broker ?? (await openStore(config, log))
  const metrics = new Metrics()
  let hub: Hub | undefined
  try {
    const broker = new TimedBroker(store, (...times) => metrics.observeAppend(...times))
    hub = await createHub({
      ...toHubOptions(config, broker, { log, metrics }),
      batchSender,
      ...toSeatOptions(dependencies.seat),
    })
    metrics.watch(hub)
    metrics.setSeam(seam, batchSender !== 'none')
    const sharedLog = new SharedLog(broker)
    metrics.watchRelays(() => sharedLog.feed.size)
    const common = { ring, log, metrics, hub, sharedLog }
    const listener = createListener(config, dependencies, common)
    await listener.listen()
    firstLog?.info({ frontDoor: listener.doorState }, 'Front door')
    const parts = { hub, broker, sharedLog, listener, metrics, seat: dependencies.seat }
    return new RunningServer(config, parts, ring === undefined)
  } catch (error) {
    metrics.close()
    await hub?.close()
    await store.close()
    throw error
  }
}

/** Without a key. Throws `HL_KEY_REQUIRED`. */
export function requireLoopback(config: Config): void {
  if (isLocalListen(config.listen)) return
  throw new HeartlineError(serverErrors.keyRequired, { listen: describeListen(config.listen) })
}

function createListener(
  config: Config,
  dependencies: ServerDependencies,
  parts: {
    ring: KeyRing | undefined
    log: Logger
    metrics: Metrics
    hub: Hub
    sharedLog: SharedLog
  },
): Listener {
  const { ring, log, metrics, hub, sharedLog } = parts
  const now = dependencies.now ?? Date.now
  const random = dependencies.random ?? Math.random
  const { peers, tickets } = dependencies.seat?.take({ hub, metrics }) ?? {
    peers: new LocalPeers(hub, metrics),
    tickets: new TicketStore(now),
  }
  const verifier = ring === undefined ? undefined : new TokenVerifier(ring, config.auth, now)
  const authenticator = new Authenticator(verifier, tickets, config.auth.anonymous)
  const services = { config, hub, sharedLog, peers, authenticator, tickets, metrics, log, random }
  const routes = [...routesFor(config), ...(dependencies.routes ?? [])]
  const entrance = new Entrance(config.cors, authenticator.isDevelopment)
  const handler = new RequestHandler(services, entrance, routes)
  const atDoor = config.frontDoor === 'on' ? new EventsAtDoor(services, entrance) : undefined
  return new Listener(config, (...exchange) => handler.handle(...exchange), atDoor)
}

class RunningServer implements HeartlineServer {
  readonly hub: Hub
  readonly url: string
  readonly isDevelopment: boolean
  readonly #deadlineMs: number
  readonly #parts: Parts
  #stopped: Promise<void> | undefined

  constructor(config: Config, parts: Parts, isDevelopment: boolean) {
    this.hub = parts.hub
    this.url = parts.listener.url
    this.isDevelopment = isDevelopment
    this.#deadlineMs = config.drain.deadlineMs
    this.#parts = parts
  }

  stop(how: { readonly deadlineMs?: number | undefined } = {}): Promise<void> {
    this.#stopped ??= this.#stop(how.deadlineMs ?? this.#deadlineMs)
    return this.#stopped
  }

  async #stop(deadlineMs: number): Promise<void> {
    const { hub, broker, sharedLog, listener, metrics, seat } = this.#parts
    const settled = seat && (() => seat.settled())
    // It listens on meanwhile: readiness says that it leaves, and readers that come back at once
    // are told when to try again instead of being refused a connection.
    await hub.drain({ deadlineMs, settled })
    // Relays have drained their readers themselves or go on without this hub for a while.
    sharedLog.close()
    await listener.close(CLOSE_GRACE_MS)
    await hub.close()
    await broker.close()
    metrics.close()
  }
}
