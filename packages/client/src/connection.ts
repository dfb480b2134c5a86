import type { HeartlineError } from '@heartline/wire'
import { Attempt, type AttemptHost, type AttemptSetup, type StreamItem } from './attempt.ts'
import type { ConnectionState } from './connection-state.ts'
import { asleep, silent, toError } from './errors.ts'
import { Backoff, type Ladder } from './ladder.ts'
import type { Outcome } from './outcome.ts'
import { Pause } from './pause.ts'
import type { StreamSource } from './stream-request.ts'
import type { Surroundings } from './surroundings.ts'

/** What a connection is made with: everything resolved. */
export interface ConnectionSetup extends AttemptSetup {
  readonly source: StreamSource
  readonly random: () => number
  readonly surroundings: Surroundings
  readonly ladder: Ladder
  /** Reconnection time until the server names one. */
  readonly retryMs: number
}

/** Told what happens on a connection, in order. Nothing is told after `stop`. */
export interface ConnectionListener {
  /** The id to go on after, as the next request begins. */
  place(): string | Promise<string>
  onState?: ((state: ConnectionState) => void) | undefined
  onOpen?(response: Response, heartbeatMs: number): void
  onItems(items: readonly StreamItem[]): void | Promise<void>
  onComment?(text: string): void
}

/** A stream that comes back by itself. It knows nothing of what the events mean. */
export class Connection {
  readonly #setup: ConnectionSetup
  readonly #listener: ConnectionListener
  readonly #host: AttemptHost
  readonly #backoff: Backoff
  readonly #pause: Pause
  #state: ConnectionState
  #attempt: Attempt | undefined
  #openedAt: number | undefined
  #hadEvents = false
  #sentPlace = ''
  #heartbeatMs = 0
  #silence = 0
  #wasOpen = false
  #retryMs: number
  #isAsleep = false
  /** This side ended the stream, which says nothing against the server. */
  #isByChoice = false
  #unwatch: (() => void) | undefined

  constructor(setup: ConnectionSetup, listener: ConnectionListener) {
    this.#setup = setup
    this.#listener = listener
    this.#host = this.#toHost()
    this.#retryMs = setup.retryMs
    this.#backoff = new Backoff(setup.ladder, setup.random)
    this.#pause = new Pause(setup.clock)
    this.#state = this.#toState('idle')
  }

  get state(): ConnectionState {
    return this.#state
  }

  get #isStopped(): boolean {
    return this.#state.name === 'closed'
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
    this.#unwatch?.()
    this.#pause.stop()
    this.#attempt?.end(error)
  }

  /** Something may have changed: a stream that is silent for too long is replaced, a wait ends. */
  wake(): void {
    this.#isAsleep = false
    if (this.#attempt !== undefined) return this.#attempt.woke()
    this.#backoff.reset()
    this.#pause.hurry()
  }

  /** Ends this stream and makes no request until `wake`. */
  sleep(): void {
    this.#isAsleep = true
    this.leave(toError(asleep))
  }

  /** Ends this stream and comes back. */
  renew(error: HeartlineError): void {
    this.#attempt?.end(error)
  }

  /** Ends a stream that nothing is wrong with, and comes back at once. */
  leave(reason: HeartlineError): void {
    this.#isByChoice = true
    this.#backoff.reset()
    this.renew(reason)
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      // The wait ends with `wake`, which also says that nobody sleeps, or with `stop`.
      if (this.#isAsleep) await this.#pause.wait(Number.POSITIVE_INFINITY, 0)
      this.#enter('connecting', this.#state.lastError)
      if (this.#isStopped) return
      const outcome = await this.#try()
      if (this.#isStopped) return
      await this.#afterwards(outcome)
    }
  }

  async #try(): Promise<Outcome> {
    this.#openedAt = undefined
    this.#isByChoice = false
    this.#hadEvents = false
    // Before the wait for the place: what ends the connection meanwhile ends this one, too.
    const attempt = (this.#attempt = new Attempt(this.#setup, this.#host))
    const place = this.#listener.place()
    // Without a promise, the request leaves in this turn.
    this.#sentPlace = typeof place === 'string' ? place : await place
    this.#pause.attempted()
    const outcome = await attempt.run(this.#sentPlace)
    this.#attempt = undefined
    return this.#isByChoice ? { ...outcome, isClean: true } : outcome
  }

  #toHost(): AttemptHost {
    return {
      prepare: (signal) => {
        const { source } = this.#setup
        return source.prepare({ lastEventId: this.#sentPlace, silence: this.#silence, signal })
      },
      refuse: (response, url) => {
        const { clock, judge } = this.#setup
        // A place comes from a stream that was open in an earlier life.
        const wasOpen = this.#wasOpen || this.#sentPlace !== ''
        return judge.refuse(response, { url, wasOpen, now: clock.now() })
      },
      onOpen: (response, heartbeatMs) => {
        if (this.#isStopped) return
        this.#heartbeatMs = heartbeatMs
        this.#silence = 0
        this.#openedAt = this.#setup.clock.now()
        this.#wasOpen = true
        this.#setup.source.onOpen?.()
        // First, so that whoever closes it when it is open ends what this begins.
        this.#listener.onOpen?.(response, heartbeatMs)
        this.#enter('open')
      },
      onItems: (items) => {
        this.#hadEvents = true
        if (!this.#isStopped) return this.#listener.onItems(items)
      },
      onRetry: (ms) => {
        this.#retryMs = ms
      },
      onComment: (text) => {
        if (!this.#isStopped) this.#listener.onComment?.(text)
      },
    }
  }

  async #afterwards(outcome: Outcome): Promise<void> {
    const { error, verdict, retryAfterMs = 0 } = outcome
    const { source, clock, ladder, surroundings, retryMs } = this.#setup
    const { endpoint } = source
    this.#noteSilence(error)
    const livedMs = this.#openedAt === undefined ? -1 : clock.now() - this.#openedAt
    const stopReason =
      verdict === 'stop' ? error : source.onEnd?.(outcome, livedMs >= ladder.stableMs)
    if (stopReason !== undefined) return this.stop(stopReason)
    if (livedMs >= 0) this.#backoff.lived(livedMs, this.#hadEvents)
    // What the other one asked for is not for this one.
    if (source.endpoint !== endpoint) this.#retryMs = retryMs
    const leastMs = Math.min(source.restMs ?? retryAfterMs, ladder.maxServerMs)
    const floorMs = verdict === 'retry' ? Math.max(this.#retryMs, leastMs) : 0
    const waitMs = this.#isByChoice ? 0 : this.#backoff.next(floorMs)
    this.#enter(surroundings.isOnline ? 'waiting' : 'offline', error, waitMs)
    // Who was told may have ended it.
    if (!this.#isStopped) await this.#pause.wait(waitMs, leastMs)
  }

  /** A sleep of this machine says nothing about the way to the hub. */
  #noteSilence({ code, details }: HeartlineError): void {
    const ms = Number(details['ms'])
    const isCut = code === silent.code && ms < this.#heartbeatMs * 4
    if (isCut) this.#silence = Math.ceil(ms / 1000)
  }

  #enter(name: ConnectionState['name'], error?: HeartlineError, waitMs?: number): void {
    if (this.#isStopped) return
    this.#state = this.#toState(name, error, waitMs)
    this.#listener.onState?.(this.#state)
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
      endpoint: this.#setup.source.endpoint,
      nextRetryAt: waitMs === undefined ? undefined : since + waitMs,
      lastError,
    }
  }
}
