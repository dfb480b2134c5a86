import type { Subscriber } from './subscriber.ts'
import { SweepTimer } from './sweep-timer.ts'

/** Shorter is of no use: no network path is known that cuts what was silent for so long. */
const SHORTEST_MS = 5_000
/** Intervals without trouble before the next is twice as long. */
const WELL_INTERVALS = 20

/** The half, but not below 5 s. An interval that is shorter already, or 0 (none), stays. */
export function halveHeartbeat(ms: number): number {
  return ms <= SHORTEST_MS ? ms : Math.max(SHORTEST_MS, Math.round(ms / 2))
}

/**
 * The interval to begin with, in milliseconds, for a reader whose last stream died after so much
 * silence: halved once, and on until two heartbeats fall into that time.
 */
export function firstHeartbeat(baseMs: number, silenceMs: number | undefined): number {
  if (silenceMs === undefined) return baseMs
  let ms = halveHeartbeat(baseMs)
  while (ms > SHORTEST_MS && ms * 2 > silenceMs) ms = halveHeartbeat(ms)
  return ms
}

interface Pace {
  /** The interval, shorter than that of the namespace. */
  readonly ms: number
  /** When it began, or the last trouble. */
  readonly since: number
}

/**
 * Heartbeat intervals that are shorter than usual for readers behind a path that cuts sooner.
 * Halved at each sign of trouble, doubled step by step while all is well. Holds only those readers,
 * and sweeps only while there are any.
 */
export class AdaptiveHeartbeat {
  readonly #now: () => number
  readonly #paces = new Map<Subscriber, Pace>()
  readonly #timer = new SweepTimer(() => this.sweep())

  /** @param now A steady clock in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Readers with a shorter interval than usual. */
  get size(): number {
    return this.#paces.size
  }

  /** A session has begun with this interval. */
  begin(subscriber: Subscriber, ms: number): void {
    if (ms < subscriber.namespace.heartbeatMs) this.#keep(subscriber, ms)
  }

  /** A sign that the path may cut, or has cut, what is silent. */
  trouble(subscriber: Subscriber): void {
    const ms = this.#paces.get(subscriber)?.ms ?? subscriber.namespace.heartbeatMs
    const shorter = halveHeartbeat(ms)
    if (shorter < ms) this.#change(subscriber, shorter)
    // Nothing shorter to go to, but not well either.
    else if (this.#paces.has(subscriber)) this.#keep(subscriber, ms)
  }

  forget(subscriber: Subscriber): void {
    this.#paces.delete(subscriber)
    if (this.#paces.size === 0) this.#timer.stop()
  }

  /** Takes the next step back for those that were well for long enough. */
  sweep(): void {
    const now = this.#now()
    for (const [subscriber, { ms, since }] of this.#paces) {
      if (now - since < ms * WELL_INTERVALS) continue
      this.#change(subscriber, Math.min(ms * 2, subscriber.namespace.heartbeatMs))
    }
  }

  /** Not while the reader is behind: its notice would have to be queued. */
  #change(subscriber: Subscriber, ms: number): void {
    const { session, namespace } = subscriber
    if (session.isBlocked) return
    session.setHeartbeat(ms)
    if (ms < namespace.heartbeatMs) this.#keep(subscriber, ms)
    else this.forget(subscriber)
  }

  #keep(subscriber: Subscriber, ms: number): void {
    this.#paces.set(subscriber, { ms, since: this.#now() })
    this.#timer.start()
  }
}
