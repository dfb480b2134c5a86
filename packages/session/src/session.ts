import { encodeComment, encodeEvent, encodeRetry } from '@heartline/wire'
import type { EventFields } from '@heartline/wire'
import { encodeFramed } from './chunk.ts'
import { checkClosing, checkReason } from './check-closing.ts'
import { addCleanup, type Cleanup } from './cleanup.ts'
import type { CloseOptions, DrainOptions } from './close-options.ts'
import type { EndReason, SessionEnd } from './end-reason.ts'
import { farewellText, firstText, heartbeatFrame, heartbeatNotice } from './greeting.ts'
import { checkExpiry, checkHeartbeat, checkNumber, type ResolvedSessionOptions } from './options.ts'
import type { Observer } from './observer.ts'
import { Onlookers } from './onlookers.ts'
import { Outlet } from './outlet.ts'
import { policyOf, type SessionPolicy } from './policy.ts'
import { pump, type EndWatcher, type EventSourceLike } from './pump.ts'
import type { StreamOptions, StreamResult } from './pump.ts'
import type { SendResult } from './send-result.ts'
import type { Due } from './timetable.ts'
import type { CloseCause, Transport, TransportListener } from './transport.ts'

/** Told about a session. One observer may serve any number of sessions. */
export type SessionObserver = Observer<Session>

/**
 * One open event stream to one reader. Made by `createNodeSession`, `createFetchSession` or
 * `createSession`, never by hand.
 *
 * An idle session owns no timer, closure, promise or emitter. It ends exactly once, with one
 * reason: from then on it takes no more, `signal` is aborted, `closed` resolved and the observer
 * told. What was already handed over still leaves, within a grace.
 */
export class Session extends Outlet implements TransportListener {
  /** Unguessable, URL-safe. Told to the reader in the header `Heartline-Session`. */
  readonly id: string
  /** Unix milliseconds. */
  readonly openedAt: number
  /** Address of the reader, when known. */
  readonly remoteAddress: string | undefined

  readonly #policy: SessionPolicy
  #end: SessionEnd | undefined = undefined
  #observer: SessionObserver | undefined = undefined
  #onlookers: Onlookers | undefined = undefined

  /** @internal Sends the first bytes, unless the transport is over already. */
  constructor(transport: Transport, options: ResolvedSessionOptions, overBecause?: EndReason) {
    const policy = policyOf(options)
    super(transport, policy)
    this.id = options.id
    this.openedAt = options.wheel.unixNow()
    this.remoteAddress = options.remoteAddress ?? transport.remoteAddress
    this.#policy = policy
    if (transport.over) {
      this.seal()
      this.#end = { reason: overBecause ?? 'disconnected', at: this.openedAt }
      return
    }
    transport.listen(this)
    this.handOver(encodeFramed(firstText(options), this.framing))
    this.timetable.setHeartbeat(options.heartbeatMs)
    if (options.expiresAtMs !== undefined) this.timetable.setExpiry(options.expiresAtMs)
    if (options.maxAgeMs > 0) this.setMaxAge(options.maxAgeMs)
    if (transport.isHeld !== true) options.monitor?.onOpen?.(this)
  }

  /** How it ended; undefined while it is open. */
  get end(): SessionEnd | undefined {
    return this.#end
  }

  /** Aborted when the session ends. Its reason is an error `HL_SESSION_ENDED`. */
  get signal(): AbortSignal {
    return this.#some().signal(this.#end)
  }

  /** Resolves with the end. Never rejects. */
  get closed(): Promise<SessionEnd> {
    return this.#some().closed(this.#end)
  }

  /**
   * Sends one event. Throws `HL_EVENT_FIELD_INVALID` for a field that cannot be put on the wire;
   * nothing is written then.
   */
  send(event: EventFields): SendResult {
    return this.#send(encodeEvent(event))
  }

  /** Sends a comment: bytes that no reader sees. */
  comment(text: string): SendResult {
    return this.#send(encodeComment(text))
  }

  /** Tells the reader its reconnection delay in milliseconds, as given: no jitter is added. */
  retry(ms: number): SendResult {
    return this.#send(encodeRetry(ms))
  }

  /** Sets the one observer; a later one takes the place of the first. */
  observe(observer: SessionObserver): void {
    this.#observer = observer
    const end = this.#end
    if (end !== undefined) queueMicrotask(() => observer.onEnd(this, end))
  }

  /** Resolves true when the session may be written to, false when it is over. Never hangs. */
  ready(): Promise<boolean> {
    if (!this.isBlocked) return Promise.resolve(this.isOpen)
    return this.#some().ready()
  }

  /**
   * Sends what a source yields, asking it for more only when the reader has taken what there was.
   * When the session ends first, the source is told (`return()`), even if it is stuck in `next()`.
   * A source that throws ends the session with `handler-error`. Never rejects; throws
   * `HL_SOURCE_INVALID` for what is no source.
   */
  stream(source: EventSourceLike, options: StreamOptions = {}): Promise<StreamResult> {
    return pump(this, source, options)
  }

  /**
   * Changes the heartbeat interval: 0 = none, else 1,000 to 600,000 ms. A new interval is told to
   * the reader, whose watchdog depends on it, in a comment like the first one.
   */
  setHeartbeat(intervalMs: number): void {
    checkHeartbeat(intervalMs)
    if (!this.isOpen || intervalMs === this.timetable.heartbeatMs) return
    this.comment(heartbeatNotice(intervalMs))
    this.timetable.setHeartbeat(intervalMs)
  }

  /**
   * Sets when the token expires, in Unix milliseconds (undefined = never). The session ends with
   * `token-expired` within the 100 ms before, or at the next tick when that is past.
   */
  setExpiry(atMs: number | undefined): void {
    if (atMs !== undefined) checkExpiry(atMs)
    if (this.isOpen) this.timetable.setExpiry(atMs)
  }

  /** Sets the age, counted from now, at which it ends: less up to 10 % at random. 0 = never. */
  setMaxAge(maxAgeMs: number): void {
    checkNumber('maxAgeMs', maxAgeMs)
    if (!this.isOpen) return
    const { wheel, random } = this.#policy
    const age = maxAgeMs * (1 - 0.1 * random())
    this.timetable.setAgeLimit(maxAgeMs === 0 ? undefined : wheel.now() + age)
  }

  /**
   * Ends the session in good order: it is over at once, what waits still leaves within the grace,
   * then the stream ends; after the grace it is cut. Does nothing when it is over already. Throws
   * `HL_OPTION_INVALID`.
   */
  close(reason: EndReason = 'finished', options: CloseOptions = {}): void {
    const { framing } = this
    if (this.isOver) return
    const { final, graceMs, error } = checkClosing(reason, options)
    if (final !== undefined) this.putFinal(encodeFramed(final, framing))
    const blocked = this.isBlocked
    this.#over(reason, error)
    this.timetable.linger(graceMs)
    if (!blocked) this.finish()
  }

  /** Ends it and cuts its connection at once, with all other streams that this carries. */
  sever(reason: EndReason): void {
    if (this.isOver) return
    checkReason(reason)
    this.#cut(reason)
    this.transport.sever?.()
  }

  /** Tells the reader to come back after a jittered delay (`heartline.drain`), then closes. */
  drain(options: DrainOptions = {}): void {
    const { retryMs = this.#policy.retryMs, graceMs } = options
    checkNumber('retryMs', retryMs)
    this.close('drained', { final: farewellText(retryMs, this.#policy), graceMs })
  }

  /**
   * Has something called at the end, or soon when it is over: exactly once, the newest first. What
   * it throws is reported and stops no other. Returns what takes it back.
   */
  onCleanup(cleanup: Cleanup): () => void {
    return addCleanup(this, cleanup, this.#policy.monitor)
  }

  /** @internal Its head was sent: this is what carries it from now on. */
  adopt(transport: Transport): void {
    this.transport = transport
    transport.listen(this)
    if (!transport.over) this.#policy.monitor?.onOpen?.(this)
  }

  /** @internal For sources that feed it: any number of them, where a signal warns beyond ten. */
  watchEnd(watcher: EndWatcher): void {
    this.#some().watch(watcher)
  }

  /** @internal */
  unwatchEnd(watcher: EndWatcher): void {
    this.#onlookers?.unwatch(watcher)
  }

  /** @internal Called by the transport. */
  onWritable(): void {
    // The session is over, but its reader goes on reading.
    if (this.isOver) return this.finish()
    if (!this.resume()) return
    this.#observer?.onWritable(this)
    if (this.isOpen && !this.isBlocked) this.#onlookers?.wake(true)
  }

  /** @internal Called by the transport. */
  onTransportClosed(cause: CloseCause, error?: unknown): void {
    this.drop()
    if (this.isOver) this.timetable.stop()
    else this.#over(cause, error)
  }

  /** @internal Called by the timetable. */
  override onDue(due: Due): void {
    if (due === 'heartbeat') return this.#beat()
    // Whoever is told of an end may do anything: nothing may be left in a batch.
    this.#policy.batch?.flush()
    switch (due) {
      case 'blocked':
        return this.#cut('blocked')
      case 'linger':
        return this.discard()
      case 'token-expired':
        return this.close(due, { final: encodeEvent({ type: 'heartline.expired', data: '{}' }) })
      case 'max-age':
        return this.close(due)
    }
  }

  #beat(): void {
    const { batch, heartbeatKind, onHeartbeat, wheel } = this.#policy
    const bytes = heartbeatFrame(heartbeatKind, this.framing, wheel.turnUnixNow())
    onHeartbeat()
    this.#policy.monitor?.onHeartbeat?.(this)
    if (batch === undefined) this.handOver(bytes)
    else batch.write(this, bytes)
  }

  #send(text: string): SendResult {
    const result = this.put(text, this.#policy.maxPendingBytes)
    if (result !== 'full') return result
    this.#cut('slow')
    return 'over'
  }

  #cut(reason: EndReason): void {
    this.#over(reason)
    this.discard()
  }

  #over(reason: EndReason, error?: unknown): void {
    const at = this.#policy.wheel.unixNow()
    const end: SessionEnd = error === undefined ? { reason, at } : { reason, at, error }
    this.seal()
    this.#end = end
    this.timetable.stop()
    this.#onlookers?.over(end)
    this.#observer?.onEnd(this, end)
    if (!this.transport.over) this.#policy.monitor?.onEnd?.(this, end)
  }

  #some(): Onlookers {
    return (this.#onlookers ??= new Onlookers())
  }
}
