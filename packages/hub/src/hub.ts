import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import {
  createFetchSession,
  type FetchRequest,
  createNodeSession,
  createSocketSession,
  randomSessionId,
  type Session,
  type SessionOptions,
} from '@heartline/session'
import { encodePosition, HeartlineError } from '@heartline/wire'
import type { Broker, LogState } from '@heartline/broker'
import { admit, checkAsked, privateRightsOf } from './admission.ts'
import { createCounters, type Counters } from './counters.ts'
import { CursorFrames } from './cursor-frames.ts'
import { drainSessions, within, type DrainHubOptions } from './drain.ts'
import { hubErrors } from './errors.ts'
import { FanOut } from './fan-out.ts'
import { HistoryReader } from './history-reader.ts'
import { readHistoryPage } from './history.ts'
import { readHubStats, type HubStats } from './hub-stats.ts'
import { KernelEvidence } from './kernel-evidence.ts'
import { LatestLoader } from './latest-loader.ts'
import { LatestValues } from './latest-values.ts'
import { LogFollower, type FollowerListener } from './log-follower.ts'
import { NamespaceTable } from './namespace.ts'
import { resolveHubOptions, type HubOptions, type ResolvedHubOptions } from './options.ts'
import type { OpenExtra, OpenResponseExtra, OpenSocketExtra } from './open-extra.ts'
import { Pacer } from './pacer.ts'
import { listPresence } from './presence.ts'
import type { PublishEvent, PublishResult } from './publish.ts'
import type { PreparedEvents } from './prepared.ts'
import { Publisher } from './publisher.ts'
import { QuietReaders } from './quiet-readers.ts'
import { checkBroker, type Readiness } from './readiness.ts'
import { RecentWindow } from './recent-window.ts'
import type { SessionPlace } from './session-place.ts'
import { SessionTable } from './session-table.ts'
import { SharedHistory } from './shared-history.ts'
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
/** Said to who asked for topics: a server that knows nothing of it says nothing. */
const TOLD = { 'heartline-tell': 'topics' }
/** A reader this many events behind the head is moved on although nothing is trimmed yet. */
const FAR = 250

/** Topics, sessions, presence and resume in one process. Made by `createHub`. */
export class Hub {
  readonly #options: ResolvedHubOptions
  readonly #broker: Broker
  readonly #namespaces: NamespaceTable
  readonly #follower: LogFollower
  readonly #latest: LatestValues
  readonly #loader: LatestLoader
  readonly #history: HistoryReader
  readonly #shared: SharedHistory
  readonly #window: RecentWindow
  readonly #counters: Counters = createCounters()
  readonly #fanOut: FanOut
  readonly #sessions: SessionTable
  readonly #publisher: Publisher
  readonly #quiet: QuietReaders
  readonly #kernel: KernelEvidence
  /** One for all sessions. */
  readonly #onHeartbeat = (): void => void this.#counters.heartbeats++
  #isDraining = false

  constructor(options: ResolvedHubOptions) {
    this.#options = options
    this.#broker = options.broker
    this.#namespaces = new NamespaceTable(options)
    this.#latest = new LatestValues(this.#namespaces, options.maxLatestKeys)
    this.#loader = new LatestLoader(options.broker, this.#latest)
    this.#window = new RecentWindow(options.recentBytes)
    const listener: FollowerListener = {
      onEntries: (batch) => this.#fanOut.dispatch(batch),
      onReset: (previousEpoch) => this.#reset(previousEpoch),
      onCheck: (state) => {
        this.#sessions.rest()
        this.#moveQuietReaders(state)
      },
    }
    this.#follower = new LogFollower(options.broker, listener, options.logCheckMs)
    this.#history = new HistoryReader(options.broker, this.#window, this.#follower)
    const cursors = new CursorFrames(this.#follower)
    const history = this.#history
    this.#shared = new SharedHistory({ history, namespaces: this.#namespaces, cursors })
    const parts = {
      broker: options.broker,
      follower: this.#follower,
      window: this.#window,
      history,
      shared: this.#shared,
      cursors,
      latest: this.#latest,
      loader: this.#loader,
      namespaces: this.#namespaces,
      counters: this.#counters,
      pacer: new Pacer(() => this.#fanOut.flushNow()),
    }
    this.#fanOut = new FanOut(parts, options, (subscriber) => this.#sessions.fellBehind(subscriber))
    this.#sessions = new SessionTable(parts, this.#fanOut.cohorts, {
      resume: (subscriber) => this.#fanOut.resume(subscriber),
      report: options.onSessionEnd,
    })
    this.#publisher = new Publisher(parts, options)
    this.#quiet = new QuietReaders(this.#sessions, this.#follower, cursors)
    this.#kernel = new KernelEvidence(this.#sessions, options)
  }

  /** Follows the log from its end. Called once, by `createHub`. */
  async start(): Promise<void> {
    try {
      await this.#follower.start()
      this.#kernel.start()
      if (this.#namespaces.hasLatest) await this.#loader.load()
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
    return encodePosition(this.#follower.epoch, this.#follower.position)
  }

  /**
   * Checks a request before a byte is sent.
   * @throws HeartlineError `HL_SELECTOR_*`, `HL_CURSOR_INVALID`, `HL_DRAINING`, `HL_SESSIONS_FULL`
   */
  admit(request: SubscribeRequest): Subscription {
    if (this.#isDraining) throw new HeartlineError(hubErrors.draining)
    const subscription = admit(request, this.#namespaces, this.#options)
    const max = this.#options.maxSessions
    if (max > 0 && this.#sessions.size >= max) {
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
    const options = { ...this.#sessionOptions(subscription, extra), release, onFree, keeper }
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
      ...this.#sessionOptions(subscription, extra),
      onFree: extra.onFree,
      keeper: extra.keeper,
    }
    const session = createSocketSession(socket, options)
    this.attach(session, subscription)
    return session
  }

  /** The same for Fetch: answers the response to return. */
  openFetch(request: FetchRequest, subscription: Subscription, extra: OpenExtra = {}): Response {
    const options = this.#sessionOptions(subscription, extra)
    const { session, response } = createFetchSession(request, options)
    this.attach(session, subscription)
    return response
  }

  /** Subscribes a session that was opened elsewhere. */
  attach(session: Session, subscription: Subscription): void {
    this.#sessions.attach(session, subscription)
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
    return this.#publisher.store(this.#publisher.prepare(events, rights))
  }

  /**
   * The first half of `publish`, for whoever treats what was refused otherwise than what failed
   * while it was stored.
   * @throws HeartlineError with `details.index` of the event that was refused
   */
  prepare(events: readonly PublishEvent[], rights?: readonly string[]): PreparedEvents {
    return this.#publisher.prepare(events, rights)
  }

  /** The second half: stores all or none of them. Rejects with the broker's errors, `HL_DRAINING`. */
  store(events: PreparedEvents): Promise<PublishResult[]> {
    return this.#publisher.store(events)
  }

  /** One page of the log. @throws HeartlineError `HL_SELECTOR_*`, `HL_CURSOR_INVALID` */
  async history(request: HistoryRequest): Promise<HistoryPage> {
    const selectors = checkAsked(request, this.#options)
    const after = request.after ?? EARLIEST
    const from = after === EARLIEST ? after : checkCursor(after)
    const asked = Math.trunc(request.limit ?? DEFAULT_HISTORY_LIMIT) || 1
    const limit = Math.min(Math.max(1, asked), MAX_HISTORY_LIMIT)
    const terms = { selectors, privateRights: privateRightsOf(request) }
    const source = {
      broker: this.#broker,
      follower: this.#follower,
      history: this.#history,
      namespaces: this.#namespaces,
      latest: this.#latest,
    }
    return readHistoryPage(source, terms, from, limit)
  }

  /** Who is on a topic now. @throws HeartlineError `HL_TOPIC_INVALID`, `HL_PRESENCE_DISABLED` */
  presence(topic: string): PresenceMember[] {
    checkTopic(topic, this.#options.maxTopicLength)
    if (!this.#namespaces.ofTopic(topic).presence) {
      throw new HeartlineError(hubErrors.presenceDisabled, { topic })
    }
    return listPresence(this.#fanOut.cohorts, topic)
  }

  /** Open sessions in the order of their opening, from the one after `after`. Default limit 100. */
  sessions(page: { readonly after?: string; readonly limit?: number } = {}): SessionInfo[] {
    return this.#sessions.list(page.after, page.limit ?? 100)
  }

  /** Open sessions by time of opening, then by id: the order to merge those of several hubs by. */
  sessionsByOpening(after: SessionPlace | undefined, limit: number): SessionInfo[] {
    return this.#sessions.listByOpening(after, limit)
  }

  session(id: string): SessionInfo | undefined {
    return this.#sessions.find(id)
  }

  /** Ends a session, with or without leave to reconnect. False when there is none. */
  endSession(id: string, how: { readonly reconnect: boolean }): boolean {
    return this.#sessions.end(id, how.reconnect)
  }

  /** Notes a two-way heartbeat. False when there is no such session. */
  ack(id: string, request: AckRequest): boolean {
    return this.#sessions.ack(id, request)
  }

  /** Gives a session a new token's rights and end. False when there is no such session. */
  renew(id: string, request: RenewRequest): boolean {
    return this.#sessions.renew(id, request)
  }

  /** Topics that were published to, most recent first. */
  topics(limit: number = 100): TopicRate[] {
    return this.#fanOut.topics.list(limit)
  }

  /** Whether an event published now would reach a reader. */
  async checkReady(): Promise<Readiness> {
    const reasons = await checkBroker(this.#broker, this.#follower)
    if (this.#isDraining) reasons.push('draining')
    const max = this.#options.maxSessions
    if (max > 0 && this.#sessions.size >= max * SATURATED) reasons.push('saturated')
    return { ready: reasons.length === 0, reasons }
  }

  stats(): HubStats {
    const { cohorts } = this.#fanOut
    return readHubStats({
      counters: this.#counters,
      sessions: this.#sessions,
      cohorts,
      kernel: this.#kernel,
    })
  }

  /**
   * Leaves in good order: refuses publishes and readers, delivers what was acknowledged, then
   * closes all sessions inside the deadline, spread over it.
   */
  async drain(options: DrainHubOptions): Promise<void> {
    const endsAt = performance.now() + options.deadlineMs
    this.#isDraining = true
    this.#publisher.stop()
    // An append or a flush that takes too long must not cost the readers their farewell.
    await within(options.deadlineMs * SETTLE_SHARE, this.#settle(options.settled))
    const leftMs = Math.max(0, endsAt - performance.now())
    await drainSessions(this.#sessions, leftMs, this.#options.retryMs)
  }

  /** Cuts what is left. Does not close the broker, which may serve others. */
  async close(): Promise<void> {
    this.#isDraining = true
    this.#publisher.stop()
    for (const { session } of this.#sessions) session.close('drained', { graceMs: 0 })
    this.#kernel.stop()
    this.#fanOut.close()
    this.#follower.close()
    this.#loader.stop()
  }

  /** Resolves when what is being published is with all readers that take it. */
  async #settle(settled: DrainHubOptions['settled']): Promise<void> {
    await this.#publisher.idle()
    if (settled !== undefined) await this.#follower.reached(await settled())
    await this.#fanOut.idle()
  }

  #sessionOptions(subscription: Subscription, extra: OpenExtra): SessionOptions {
    const { heartbeatKind, retryMs, maxBlockedMs, maxAgeMs, sessionIdPrefix } = this.#options
    const { heartbeatMs, expiresAtMs, tellsTopics } = subscription
    return {
      heartbeatMs,
      heartbeatKind,
      onHeartbeat: this.#onHeartbeat,
      id: sessionIdPrefix + randomSessionId(),
      batch: this.#fanOut.writer,
      retryMs,
      maxBlockedMs,
      maxAgeMs,
      expiresAtMs,
      headers: tellsTopics === true ? { ...extra.headers, ...TOLD } : extra.headers,
      monitor: extra.monitor,
    }
  }

  #reset(previousEpoch: string): void {
    this.#window.clear()
    this.#shared.clear()
    if (this.#namespaces.hasLatest) this.#loader.reload()
    this.#sessions.restart(previousEpoch)
  }

  /** A reader on a quiet topic must not find its old place trimmed by the traffic of others. */
  #moveQuietReaders({ epoch, base, last }: LogState): void {
    // Another life of the log: the tail says so, too, and then all readers are told.
    if (epoch !== this.#follower.epoch) return
    const middle = Math.floor((base.offset + last.offset) / 2)
    // While nothing is trimmed there is no hurry, and a cursor stands in for a heartbeat: an idle
    // reader would see its heartbeats come irregularly.
    this.#quiet.tell(base.offset === 0 ? Math.min(middle, last.offset - FAR) : middle)
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
