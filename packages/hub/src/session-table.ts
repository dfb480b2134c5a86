import type { Session, SessionEnd, SessionObserver } from '@heartline/session'
import {
  DEFAULT_LOG,
  decodeCursor,
  encodePosition,
  HeartlineError,
  isCursor,
} from '@heartline/wire'
import { AckWatch } from './acks.ts'
import { AdaptiveHeartbeat } from './adaptive-heartbeat.ts'
import type { CohortTable } from './cohort-table.ts'
import { hubErrors } from './errors.ts'
import { encodeStayAwayEvent } from './frame.ts'
import type { SessionEndReport } from './options.ts'
import { Replay, type ReplaySource } from './replay.ts'
import { rightsCover } from './selector.ts'
import { comparePlaces, type SessionPlace } from './session-place.ts'
import { findRecentStart, findStart, type StartingPoint } from './starting-point.ts'
import { Subscriber, type Subscription } from './subscriber.ts'
import type { AckRequest, RenewRequest, SessionInfo } from './subscription.ts'

/** The sessions of a hub: from attaching to the one clean-up at the end. */
export class SessionTable implements SessionObserver {
  readonly #source: ReplaySource
  readonly #cohorts: CohortTable
  readonly #resume: (subscriber: Subscriber) => void
  readonly #report: (end: SessionEndReport) => void
  readonly #byId = new Map<string, Subscriber>()
  readonly #heartbeats = new AdaptiveHeartbeat()
  /** Of those that are not live: nothing of it stays with one that is. */
  readonly #replays = new Map<Subscriber, Replay>()
  readonly #acks = new AckWatch({
    onMissed: (subscriber) => this.#heartbeats.trouble(subscriber),
  })

  constructor(
    source: ReplaySource,
    cohorts: CohortTable,
    callbacks: {
      /** The session takes bytes again. */
      readonly resume: (subscriber: Subscriber) => void
      readonly report: (end: SessionEndReport) => void
    },
  ) {
    this.#source = source
    this.#cohorts = cohorts
    this.#resume = callbacks.resume
    this.#report = callbacks.report
  }

  get size(): number {
    return this.#byId.size
  }

  [Symbol.iterator](): IterableIterator<Subscriber> {
    return this.#byId.values()
  }

  attach(session: Session, subscription: Subscription): void {
    const cohort = this.#cohorts.take(subscription)
    const subscriber = new Subscriber(session, cohort, subscription, this.#source.follower.position)
    cohort.add(subscriber)
    this.#byId.set(session.id, subscriber)
    session.observe(this)
    this.#heartbeats.begin(subscriber, subscription.heartbeatMs)
    this.#begin(subscriber, subscription.from)
  }

  onWritable(session: Session): void {
    const subscriber = this.#byId.get(session.id)
    if (subscriber === undefined) return
    if (subscriber.isLive) this.#resume(subscriber)
    else this.#replays.get(subscriber)?.wake()
  }

  onEnd(session: Session, end: SessionEnd): void {
    const subscriber = this.#byId.get(session.id)
    if (subscriber === undefined) return
    this.#byId.delete(session.id)
    this.#cohorts.leave(subscriber)
    this.#endReplay(subscriber)
    this.#acks.forget(subscriber)
    this.#heartbeats.forget(subscriber)
    const { ended } = this.#source.counters
    ended[end.reason] = (ended[end.reason] ?? 0) + 1
    this.#report({
      id: session.id,
      subscriber: subscriber.name,
      reason: end.reason,
      durationMs: end.at - session.openedAt,
    })
  }

  /** The shared log no longer holds what the subscriber needs: history does. */
  fellBehind(subscriber: Subscriber): void {
    if (subscriber.namespace.slowPolicy === 'disconnect')
      return subscriber.session.close('slow', { graceMs: 0 })
    subscriber.leaveLive()
    const replay = this.#newReplay(subscriber, { after: subscriber.last, gap: undefined })
    if (subscriber.namespace.slowPolicy !== 'latest') return replay.start()
    void this.#run(subscriber, async () => {
      await replay.collapse()
      replay.start()
    })
  }

  /** The log began a new life. Live readers are told and go on; those in a replay come back. */
  restart(previousEpoch: string): void {
    for (const subscriber of this.#byId.values()) {
      if (!subscriber.isLive) {
        subscriber.session.close('error')
        continue
      }
      subscriber.leaveLive()
      subscriber.cohort.reset()
      this.#begin(subscriber, encodePosition(previousEpoch, subscriber.last))
    }
  }

  /** Frees what replays share when nobody is being replayed to. Called every few seconds. */
  rest(): void {
    if (this.#replays.size === 0) this.#source.shared.clear()
  }

  find(id: string): SessionInfo | undefined {
    const subscriber = this.#byId.get(id)
    return subscriber === undefined ? undefined : this.#describe(subscriber)
  }

  list(after: string | undefined, limit: number): SessionInfo[] {
    const rows: SessionInfo[] = []
    let isPast = after === undefined
    for (const subscriber of this.#byId.values()) {
      if (rows.length >= limit) break
      if (isPast) rows.push(this.#describe(subscriber))
      else isPast = subscriber.session.id === after
    }
    return rows
  }

  /** By the time of their opening, then by id: an order that several hubs can merge by. */
  listByOpening(after: SessionPlace | undefined, limit: number): SessionInfo[] {
    const rows: Subscriber[] = []
    for (const subscriber of this.#byId.values()) {
      if (after === undefined || comparePlaces(subscriber.session, after) > 0) rows.push(subscriber)
    }
    // They were opened in nearly this order, so that sorting is hardly more than a walk.
    rows.sort((a, b) => comparePlaces(a.session, b.session))
    return rows.slice(0, limit).map((subscriber) => this.#describe(subscriber))
  }

  end(id: string, reconnect: boolean): boolean {
    const subscriber = this.#byId.get(id)
    if (reconnect) subscriber?.session.close('ended')
    else subscriber?.session.close('kicked', { final: encodeStayAwayEvent() })
    return subscriber !== undefined
  }

  /** @throws HeartlineError `HL_CURSOR_INVALID` */
  ack(id: string, request: AckRequest): boolean {
    const subscriber = this.#byId.get(id)
    if (subscriber === undefined) return false
    if (request.cursor !== undefined) this.#noteCursor(subscriber, request.cursor)
    subscriber.rttMs = request.rttMs ?? subscriber.rttMs
    this.#acks.note(subscriber)
    return true
  }

  /** @throws HeartlineError `HL_SELECTOR_FORBIDDEN`, `HL_OPTION_INVALID`; the old token stays */
  renew(id: string, request: RenewRequest): boolean {
    const subscriber = this.#byId.get(id)
    if (subscriber === undefined) return false
    const needed = subscriber.cohort.terms.privateRights ?? subscriber.selectors
    const lost = needed.find((selector) => !rightsCover(request.rights, selector))
    if (lost !== undefined) {
      throw new HeartlineError(hubErrors.selectorForbidden, { selector: lost })
    }
    subscriber.session.setExpiry(request.expiresAtMs)
    subscriber.expiresAtMs = request.expiresAtMs
    return true
  }

  #begin(subscriber: Subscriber, from: string | undefined): void {
    const { follower, namespaces } = this.#source
    const start =
      from !== undefined
        ? findRecentStart(from, this.#source)
        : namespaces.hasLatest
          ? undefined
          : { after: follower.position, gap: undefined }
    if (start !== undefined) return this.#newReplay(subscriber, start).start()
    void this.#run(subscriber, () =>
      from === undefined ? this.#beginAnew(subscriber) : this.#beginFrom(subscriber, from),
    )
  }

  async #beginFrom(subscriber: Subscriber, from: string): Promise<void> {
    const { broker, follower } = this.#source
    // One question for ten thousand that come back at once.
    const { base, epoch } = await follower.presentState()
    const recent = epoch === follower.epoch ? findRecentStart(from, this.#source, base) : undefined
    this.#newReplay(subscriber, recent ?? (await findStart(broker, from))).start()
  }

  async #beginAnew(subscriber: Subscriber): Promise<void> {
    const { follower, latest, loader } = this.#source
    await loader.ready()
    // No wait between these two: the snapshot and the place that follows it are of one turn.
    const replay = this.#newReplay(subscriber, { after: follower.position, gap: undefined })
    if (await replay.sendSnapshot(latest.snapshot(subscriber.cohort))) replay.start()
  }

  #newReplay(subscriber: Subscriber, start: StartingPoint): Replay {
    const replay = new Replay(this.#source, subscriber, start, () => this.#endReplay(subscriber))
    // It may be over while its start was looked for.
    if (subscriber.session.isOpen) this.#replays.set(subscriber, replay)
    return replay
  }

  /** It is live or over. */
  #endReplay(subscriber: Subscriber): void {
    this.#replays.delete(subscriber)
  }

  /** A reader whose history cannot be read is cut: it comes back with its cursor. */
  async #run(subscriber: Subscriber, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch {
      subscriber.session.close('error')
    }
  }

  /** Acknowledgements may overtake each other on their way. */
  #noteCursor(subscriber: Subscriber, cursor: string): void {
    const offset = this.#offsetOf(cursor)
    if (offset === undefined || offset > this.#source.follower.position.offset) {
      throw new HeartlineError(hubErrors.cursorInvalid, { reason: 'it is not a place in this log' })
    }
    const { ackedCursor } = subscriber
    const known = ackedCursor === undefined ? undefined : this.#offsetOf(ackedCursor)
    if (known === undefined || offset > known) subscriber.ackedCursor = cursor
  }

  /** The offset in the log as it is now, or undefined. */
  #offsetOf(cursor: string): number | undefined {
    if (!isCursor(cursor)) return undefined
    const { epoch, positions } = decodeCursor(cursor)
    return epoch === this.#source.follower.epoch ? positions.get(DEFAULT_LOG)?.offset : undefined
  }

  #describe(subscriber: Subscriber): SessionInfo {
    const { session, cohort } = subscriber
    const lagBytes = subscriber.isLive ? cohort.head - subscriber.at : 0
    const hasAll = subscriber.at === cohort.head && !cohort.isMarked
    const last = hasAll ? this.#source.follower.position : subscriber.last
    return {
      id: session.id,
      subscriber: subscriber.name,
      selectors: subscriber.selectors,
      protocol: session.protocol,
      remoteAddress: session.remoteAddress,
      openedAt: session.openedAt,
      state: session.isBlocked ? 'blocked' : subscriber.isLive ? 'live' : 'replaying',
      lagBytes,
      cursor: encodePosition(this.#source.follower.epoch, last),
      ...(subscriber.ackedCursor === undefined ? {} : { ackedCursor: subscriber.ackedCursor }),
      ...(subscriber.rttMs === undefined ? {} : { rttMs: subscriber.rttMs }),
      ...(subscriber.expiresAtMs === undefined ? {} : { expiresAtMs: subscriber.expiresAtMs }),
    }
  }
}
