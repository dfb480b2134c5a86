import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import {
  createFetchSession,
  type FetchRequest,
  createNodeSession,
  createSocketSession,
  type Session,
} from '@heartline/session'
import {
  encodePosition,
  HeartlineError,
  type PublishEvent,
  type PublishResult,
} from '@heartline/wire'
import { admit, checkAsked, privateRightsOf } from './admission.ts'
import { drainSessions, within, type DrainHubOptions } from './drain.ts'
import { Engine } from './engine.ts'
import { hubErrors } from './errors.ts'
import { readHistoryPage } from './history.ts'
import { readHubStats, type HubStats } from './hub-stats.ts'
import { resolveHubOptions, type HubOptions, type ResolvedHubOptions } from './options.ts'
import type { OpenExtra, OpenResponseExtra, OpenSocketExtra } from './open-extra.ts'
import { listPresence } from './presence.ts'
import type { PreparedEvents } from './prepared.ts'
import { checkBroker, type Readiness } from './readiness.ts'
import type { SessionPlace } from './session-place.ts'
import { SessionTerms } from './session-terms.ts'
import { checkCursor, EARLIEST } from './starting-point.ts'
import type { Subscription } from './subscriber.ts'
import type {
  AckRequest,
  HistoryPage,
  HistoryRequest,
  PresenceMember,
  RenewRequest,
  SessionInfo,
  SubscribeRequest,
} from './subscription.ts'
import type { TopicRate } from './topic-stats.ts'
import { checkTopic } from './topic.ts'
import { toSubscribeRequest, type Admission } from './url-request.ts'

/** Above this share of `maxSessions` the hub says that it is not ready for more. */
const SATURATED = 0.95
const DEFAULT_HISTORY_LIMIT = 100
const MAX_HISTORY_LIMIT = 1_000
/** Of a drain's deadline, for what was acknowledged to reach the readers. */
const SETTLE_SHARE = 0.25

/** Topics, sessions, presence and resume in one process. Made by `createHub`. */
export class Hub {
  readonly #options: ResolvedHubOptions
  readonly #engine: Engine
  readonly #terms: SessionTerms
  #isDraining = false

  constructor(options: ResolvedHubOptions) {
    this.#options = options
    this.#engine = new Engine(options)
    this.#terms = new SessionTerms(options, this.#engine)
  }

  /** Follows the log from its end. Called once, by `createHub`. */
  async start(): Promise<void> {
    try {
      await this.#engine.start()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** The place of the newest event that was dispatched. */
  get cursor(): string {
    const { epoch, position } = this.#engine.follower
    return encodePosition(epoch, position)
  }

  /**
   * Checks a request before a byte is sent.
   * @throws HeartlineError `HL_SELECTOR_*`, `HL_CURSOR_INVALID`, `HL_DRAINING`, `HL_SESSIONS_FULL`
   */
  admit(request: SubscribeRequest): Subscription {
    if (this.#isDraining) throw new HeartlineError(hubErrors.draining)
    const subscription = admit(request, this.#engine.namespaces, this.#options)
    const max = this.#options.maxSessions
    if (max > 0 && this.#engine.sessions.size >= max) {
      throw new HeartlineError(hubErrors.sessionsFull, { max })
    }
    return subscription
  }

  /** `admit` for what a URL asks for: see `createNodeHandler`. */
  admitUrl(url: string, lastEventId?: string, admission?: Admission): Subscription {
    return this.admit(toSubscribeRequest(url, lastEventId, admission))
  }

  /** Sends the head and the first bytes on a Node response and subscribes the session. */
  open(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    subscription: Subscription,
    extra: OpenResponseExtra = {},
  ): Session {
    const { release, onFree, keeper } = extra
    const options = { ...this.#terms.of(subscription, extra), release, onFree, keeper }
    const session = createNodeSession(request, response, options)
    this.attach(session, subscription)
    return session
  }

  /**
   * The same on a plain connection whose request the caller has read itself. See
   * `createSocketSession`.
   */
  openSocket(socket: Socket, subscription: Subscription, extra: OpenSocketExtra = {}): Session {
    const options = {
      ...this.#terms.of(subscription, extra),
      onFree: extra.onFree,
      keeper: extra.keeper,
    }
    const session = createSocketSession(socket, options)
    this.attach(session, subscription)
    return session
  }

  /** The same for Fetch: answers the response to return. */
  openFetch(request: FetchRequest, subscription: Subscription, extra: OpenExtra = {}): Response {
    const options = this.#terms.of(subscription, extra)
    const { session, response } = createFetchSession(request, options)
    this.attach(session, subscription)
    return response
  }

  /** Subscribes a session that was opened elsewhere. */
  attach(session: Session, subscription: Subscription): void {
    this.#engine.sessions.attach(session, subscription)
    // Admitted before the drain and opened after: nobody would tell it later.
    if (this.#isDraining) session.drain({ retryMs: this.#options.retryMs })
  }

  /**
   * Checks all events, then stores all or none of them in one append.
   * @param rights Selectors that the publisher's token allows. Default: everything.
   * @throws HeartlineError with `details.index` of the event that was refused; the broker's errors
   */
  async publish(
    events: readonly PublishEvent[],
    rights?: readonly string[],
  ): Promise<PublishResult[]> {
    return this.#engine.publisher.store(this.#engine.publisher.prepare(events, rights))
  }

  /**
   * The first half of `publish`, for whoever treats what was refused otherwise than what failed
   * while it was stored.
   * @throws HeartlineError with `details.index` of the event that was refused
   */
  prepare(events: readonly PublishEvent[], rights?: readonly string[]): PreparedEvents {
    return this.#engine.publisher.prepare(events, rights)
  }

  /** The second half: stores all or none of them. Rejects with the broker's errors, `HL_DRAINING`. */
  store(events: PreparedEvents): Promise<PublishResult[]> {
    return this.#engine.publisher.store(events)
  }

  /** One page of the log. @throws HeartlineError `HL_SELECTOR_*`, `HL_CURSOR_INVALID` */
  async history(request: HistoryRequest): Promise<HistoryPage> {
    const selectors = checkAsked(request, this.#options)
    const after = request.after ?? EARLIEST
    const from = after === EARLIEST ? after : checkCursor(after)
    const asked = Math.trunc(request.limit ?? DEFAULT_HISTORY_LIMIT) || 1
    const limit = Math.min(Math.max(1, asked), MAX_HISTORY_LIMIT)
    const terms = { selectors, privateRights: privateRightsOf(request) }
    return readHistoryPage(this.#engine, terms, from, limit)
  }

  /** Who is on a topic now. @throws HeartlineError `HL_TOPIC_INVALID`, `HL_PRESENCE_DISABLED` */
  presence(topic: string): PresenceMember[] {
    checkTopic(topic, this.#options.maxTopicLength)
    if (!this.#engine.namespaces.ofTopic(topic).presence) {
      throw new HeartlineError(hubErrors.presenceDisabled, { topic })
    }
    return listPresence(this.#engine.fanOut.cohorts, topic)
  }

  /** Open sessions in the order of their opening, from the one after `after`. Default limit 100. */
  sessions(page: { readonly after?: string; readonly limit?: number } = {}): SessionInfo[] {
    return this.#engine.sessions.list(page.after, page.limit ?? 100)
  }

  /** Open sessions by time of opening, then by id: the order to merge those of several hubs by. */
  sessionsByOpening(after: SessionPlace | undefined, limit: number): SessionInfo[] {
    return this.#engine.sessions.listByOpening(after, limit)
  }

  session(id: string): SessionInfo | undefined {
    return this.#engine.sessions.find(id)
  }

  /** Ends a session, with or without leave to reconnect. False when there is none. */
  endSession(id: string, how: { readonly reconnect: boolean }): boolean {
    return this.#engine.sessions.end(id, how.reconnect)
  }

  /** Notes a two-way heartbeat. False when there is no such session. */
  ack(id: string, request: AckRequest): boolean {
    return this.#engine.sessions.ack(id, request)
  }

  /** Gives a session a new token's rights and end. False when there is no such session. */
  renew(id: string, request: RenewRequest): boolean {
    return this.#engine.sessions.renew(id, request)
  }

  /** Topics that were published to, most recent first. */
  topics(limit: number = 100): TopicRate[] {
    return this.#engine.fanOut.topics.list(limit)
  }

  /** Whether an event published now would reach a reader. */
  async checkReady(): Promise<Readiness> {
    const reasons = await checkBroker(this.#engine.broker, this.#engine.follower)
    if (this.#isDraining) reasons.push('draining')
    const max = this.#options.maxSessions
    if (max > 0 && this.#engine.sessions.size >= max * SATURATED) reasons.push('saturated')
    return { ready: reasons.length === 0, reasons }
  }

  stats(): HubStats {
    const { counters, sessions, fanOut, kernel } = this.#engine
    return readHubStats({ counters, sessions, cohorts: fanOut.cohorts, kernel })
  }

  /**
   * Leaves in good order: refuses publishes and readers, delivers what was acknowledged, then
   * closes all sessions inside the deadline, spread over it.
   */
  async drain(options: DrainHubOptions): Promise<void> {
    const endsAt = performance.now() + options.deadlineMs
    this.#isDraining = true
    this.#engine.publisher.stop()
    // An append or a flush that takes too long must not cost the readers their farewell.
    await within(options.deadlineMs * SETTLE_SHARE, this.#settle(options.settled))
    const leftMs = Math.max(0, endsAt - performance.now())
    await drainSessions(this.#engine.sessions, leftMs, this.#options.retryMs)
  }

  /** Cuts what is left. Does not close the broker, which may serve others. */
  async close(): Promise<void> {
    this.#isDraining = true
    this.#engine.publisher.stop()
    for (const { session } of this.#engine.sessions) session.close('drained', { graceMs: 0 })
    this.#engine.stop()
  }

  /** Resolves when what is being published is with all readers that take it. */
  async #settle(settled: DrainHubOptions['settled']): Promise<void> {
    await this.#engine.publisher.idle()
    if (settled !== undefined) await this.#engine.follower.reached(await settled())
    await this.#engine.fanOut.idle()
  }
}

/**
 * Makes a hub and follows the broker's log.
 * @throws HeartlineError `HL_OPTION_INVALID`, `HL_SELECTOR_INVALID`, the broker's errors
 */
export async function createHub(options: HubOptions): Promise<Hub> {
  const hub = new Hub(resolveHubOptions(options))
  await hub.start()
  return hub
}
