import type { HeartlineError } from '@heartline/wire'
import { Attempt, type AttemptListener, type Patience, type StreamItem } from './attempt.ts'
import type { Clock } from './clock.ts'
import type { ConnectionState } from './connection-state.ts'
import { Endpoints } from './endpoints.ts'
import { asleep, closed, movedBack, notRepeated, toError } from './errors.ts'
import { Backoff, type Ladder } from './ladder.ts'
import type { AnswerContext, Outcome } from './outcome.ts'
import { Pause } from './pause.ts'
import type { RequestContext, RequestSource } from './request.ts'
import type { Surroundings } from './surroundings.ts'

/** Streams that this side ended say nothing against the server. */
const BY_CHOICE = ['HL_CLIENT_MOVED_BACK', 'HL_CLIENT_ASLEEP']

/** What a connection is made with: everything resolved. */
export interface ConnectionSetup {
  readonly source: RequestSource
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly random: () => number
  readonly surroundings: Surroundings
  readonly ladder: Ladder
  readonly patience: Patience
  readonly maxEventBytes: number | undefined
  readonly failOverAfter: number
  /** Reconnection time until the server names one. */
  readonly retryMs: number
  /** Requests that could act twice are sent again. */
  readonly repeat: boolean
  readonly mayLeaveOrigin: boolean
  readonly refuse: (response: Response, context: AnswerContext) => Promise<Outcome | undefined>
}

/** Told what happens on a connection, in order. Nothing is told after `stop`. */
export interface ConnectionListener {
  /** The id to go on after, as the next request begins. */
  place(): string | Promise<string>
  onState(state: ConnectionState): void
  onOpen(response: Response, heartbeatMs: number, context: RequestContext): void
  onItems(items: readonly StreamItem[]): void | Promise<void>
  onComment(text: string): void
  /** The server does not know the place: go on without one. */
  onPlaceLost(error: HeartlineError): void
}

/** A stream that comes back by itself. It knows nothing of what the events mean. */
export class Connection {
  readonly #setup: ConnectionSetup
  readonly #listener: ConnectionListener
  readonly #backoff: Backoff
  readonly #endpoints: Endpoints
  readonly #pause: Pause
  #state: ConnectionState
  #attempt: Attempt | undefined
  #requests = 0
  #openedAt: number | undefined
  #hadEvents = false
  #sentPlace = ''
  #heartbeatMs = 0
  #silence = 0
  #wasOpen = false
  #refresh = false
  #hasRefreshed = false
  #retryMs: number
  #isStopped = false
  #isAsleep = false
  #onAwake: (() => void) | undefined
  #unwatch: (() => void) | undefined

  constructor(setup: ConnectionSetup, listener: ConnectionListener) {
    this.#setup = setup
    this.#listener = listener
    this.#retryMs = setup.retryMs
    this.#backoff = new Backoff(setup.ladder, setup.random)
    this.#endpoints = new Endpoints(setup.source.endpoints, setup.failOverAfter)
    this.#pause = new Pause(setup.clock)
    this.#state = this.#toState('idle')
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Begins. Once. */
  start(): void {
    if (this.#state.name !== 'idle') return
    this.#unwatch = this.#setup.surroundings.watch(
      () => this.wake(),
      () => this.sleep(),
    )
    void this.#run()
  }

  /** Ends it for good, at once. @param error Why, when it was not the caller who wanted it. */
  stop(error?: HeartlineError): void {
    if (this.#isStopped) return
    this.#enter('closed', error)
    this.#isStopped = true
    this.#unwatch?.()
    this.#pause.stop()
    this.#onAwake?.()
    this.#attempt?.end(error ?? toError(closed))
  }

  /** Something may have changed: a stream that is silent for too long is replaced, a wait ends. */
  wake(): void {
    this.#isAsleep = false
    this.#onAwake?.()
    this.#attempt?.woke()
    if (this.#attempt !== undefined) return
    this.#backoff.reset()
    this.#pause.hurry()
  }

  /** Ends this stream and makes no request until `wake`. */
  sleep(): void {
    this.#isAsleep = true
    this.renew(toError(asleep))
  }

  /** Ends this stream and comes back. @param refresh With a new token. */
  renew(error: HeartlineError, refresh = false): void {
    this.#refresh ||= refresh
    this.#attempt?.end(error)
  }

  /** The next request asks for a new token: this one will be refused. */
  expire(): void {
    this.#refresh = true
  }

  /** Moves to the preferred endpoint, which is healthy again. */
  prefer(): void {
    this.#endpoints.prefer()
    this.#backoff.reset()
    this.#attempt?.end(toError(movedBack))
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      if (this.#isAsleep) await this.#awake()
      this.#enter('connecting', this.#state.lastError)
      if (this.#isStopped) return
      const outcome = await this.#try()
      if (this.#isStopped) return
      await this.#afterwards(outcome)
    }
  }

  async #awake(): Promise<void> {
    while (this.#isAsleep && !this.#isStopped) {
      await new Promise<void>((resolve) => (this.#onAwake = resolve))
    }
  }

  async #try(): Promise<Outcome> {
    const place = this.#listener.place()
    // Without a promise, the request leaves in this turn.
    const lastEventId = typeof place === 'string' ? place : await place
    const { fetch, clock, patience, maxEventBytes } = this.#setup
    this.#sentPlace = lastEventId
    this.#pause.attempted()
    this.#openedAt = undefined
    this.#hadEvents = false
    let context: RequestContext | undefined
    const attempt = new Attempt(
      {
        fetch,
        clock,
        patience,
        maxEventBytes,
        lastEventId,
        prepare: (signal) => {
          context = this.#toContext(lastEventId, signal)
          return this.#setup.source.prepare(context)
        },
        refuse: (response, url) => this.#refuse(response, url),
      },
      this.#toAttemptListener(() => context as RequestContext),
    )
    this.#attempt = attempt
    const outcome = await attempt.run()
    this.#attempt = undefined
    return outcome
  }

  #toContext(lastEventId: string, signal: AbortSignal): RequestContext {
    const refresh = this.#refresh
    this.#refresh = false
    const endpoint = this.#endpoints.index
    const silence = this.#silence
    return { attempt: ++this.#requests, endpoint, lastEventId, refresh, silence, signal }
  }

  #toAttemptListener(context: () => RequestContext): AttemptListener {
    return {
      onOpen: (response, heartbeatMs) => {
        if (this.#isStopped) return
        this.#opened(heartbeatMs)
        this.#listener.onOpen(response, heartbeatMs, context())
      },
      onItems: (items) => {
        this.#hadEvents = true
        if (!this.#isStopped) return this.#listener.onItems(items)
      },
      onRetry: (ms) => {
        this.#retryMs = ms
      },
      onComment: (text) => {
        if (!this.#isStopped) this.#listener.onComment(text)
      },
    }
  }

  #opened(heartbeatMs: number): void {
    this.#heartbeatMs = heartbeatMs
    this.#silence = 0
    this.#openedAt = this.#setup.clock.now()
    this.#wasOpen = true
    this.#hasRefreshed = false
    this.#enter('open', undefined)
  }

  #refuse(response: Response, url: string): Promise<Outcome | undefined> {
    const { mayLeaveOrigin, clock, refuse } = this.#setup
    // A place comes from a stream that was open in an earlier life.
    const wasOpen = this.#wasOpen || this.#sentPlace !== ''
    return refuse(response, { url, wasOpen, mayLeaveOrigin, now: clock.now() })
  }

  async #afterwards(outcome: Outcome): Promise<void> {
    const { error, retryAfterMs = 0 } = outcome
    this.#noteSilence(error)
    const stopReason = this.#whyStop(outcome)
    if (stopReason !== undefined) return this.stop(stopReason)
    if (outcome.verdict === 'restart') this.#listener.onPlaceLost(error)
    if (outcome.verdict === 'refresh') this.#refresh = this.#hasRefreshed = true
    const waitMs = this.#waitAfter(outcome)
    const isOffline = !this.#setup.surroundings.isOnline
    this.#enter(isOffline ? 'offline' : 'waiting', error, waitMs)
    // Who was told may have ended it.
    if (!this.#isStopped) await this.#pause.wait(waitMs, retryAfterMs)
  }

  /** A sleep of this machine says nothing about the way to the hub. */
  #noteSilence({ code, details }: HeartlineError): void {
    const ms = Number(details['ms'])
    const isCut = code === 'HL_CLIENT_SILENT' && ms < this.#heartbeatMs * 4
    if (isCut) this.#silence = Math.ceil(ms / 1000)
  }

  #whyStop({ verdict, error }: Outcome): HeartlineError | undefined {
    const { source, repeat } = this.#setup
    if (verdict === 'stop') return error
    if (verdict === 'refresh') return this.#hasRefreshed || !source.canRefresh ? error : undefined
    if (verdict === 'restart') return this.#sentPlace === '' ? error : undefined
    if (repeat || source.isRepeatable) return undefined
    // What such a request answered in full is no failure.
    if (error.code === 'HL_CLIENT_STREAM_ENDED') return error
    return toError(notRepeated, { method: source.method }, error)
  }

  #waitAfter({ error, verdict, retryAfterMs = 0, isClean }: Outcome): number {
    if (BY_CHOICE.includes(error.code)) return 0
    const { clock, ladder } = this.#setup
    const livedMs = this.#openedAt === undefined ? -1 : clock.now() - this.#openedAt
    if (livedMs >= 0) this.#backoff.lived(livedMs, this.#hadEvents)
    if (isClean === true || livedMs >= ladder.stableMs) this.#endpoints.worked()
    if (isClean !== true && verdict === 'retry' && this.#endpoints.failed()) {
      // What the other one asked for is not for this one.
      this.#retryMs = this.#setup.retryMs
      return this.#backoff.next(0)
    }
    if (verdict !== 'retry') return this.#backoff.next(0)
    return this.#backoff.next(Math.max(this.#retryMs, retryAfterMs))
  }

  #enter(name: ConnectionState['name'], error: HeartlineError | undefined, waitMs?: number): void {
    if (this.#isStopped) return
    this.#state = this.#toState(name, error, waitMs)
    this.#listener.onState(this.#state)
  }

  #toState(
    name: ConnectionState['name'],
    lastError?: HeartlineError,
    waitMs?: number,
  ): ConnectionState {
    const since = this.#setup.clock.now()
    return {
      name,
      since,
      attempt: this.#backoff.failures,
      endpoint: this.#endpoints.index,
      nextRetryAt: waitMs === undefined ? undefined : since + waitMs,
      lastError,
    }
  }
}
