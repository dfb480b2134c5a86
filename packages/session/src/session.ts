import { encodeComment, encodeEvent, encodeRetry, HeartlineError } from '@heartline/wire'
import type { EventFields } from '@heartline/wire'
import { encodeFramed } from './chunk.ts'
import { IN_BATCH, NO_BATCH } from './batch.ts'
import { checkClosing, checkReason } from './check-closing.ts'
import { addCleanup, type Cleanup } from './cleanup.ts'
import type { CloseOptions, DrainOptions } from './close-options.ts'
import type { Connection } from './connection.ts'
import type { EndReason, SessionEnd } from './end-reason.ts'
import { sessionErrors } from './errors.ts'
import { farewellText, firstText, heartbeatFrame, heartbeatNotice } from './greeting.ts'
import { checkExpiry, checkHeartbeat, checkNumber, type ResolvedSessionOptions } from './options.ts'
import type { Observer } from './observer.ts'
import { Onlookers } from './onlookers.ts'
import { PendingBytes } from './pending-bytes.ts'
import { policyOf, type SessionPolicy } from './policy.ts'
import { pump, type EndWatcher, type EventSourceLike } from './pump.ts'
import type { StreamOptions, StreamResult } from './pump.ts'
import type { SendResult } from './send-result.ts'
import { BLOCKED, FREE, OVER, type State } from './session-state.ts'
import { Timetable, type Due, type TimetableOwner } from './timetable.ts'
import type { CloseCause, Framing, Protocol, Seam, Transport } from './transport.ts'
import type { TransportListener } from './transport.ts'

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
export class Session implements TransportListener, TimetableOwner {
  /** Unguessable, URL-safe. Told to the reader in the header `Heartline-Session`. */
  readonly id: string
  /** Unix milliseconds. */
  readonly openedAt: number
  /** Address of the reader, when known. */
  readonly remoteAddress: string | undefined

  #transport: Transport
  readonly #policy: SessionPolicy
  readonly #timetable: Timetable
  #state: State = FREE
  /** The newest batch that it was taken into. */
  #batch = 0
  #end: SessionEnd | undefined = undefined
  #observer: SessionObserver | undefined = undefined
  #pending: PendingBytes | undefined = undefined
  #onlookers: Onlookers | undefined = undefined

  /** @internal Sends the first bytes, unless the transport is over already. */
  constructor(transport: Transport, options: ResolvedSessionOptions, overBecause?: EndReason) {
    this.id = options.id
    this.openedAt = options.wheel.unixNow()
    this.remoteAddress = options.remoteAddress ?? transport.remoteAddress
    this.#transport = transport
    this.#policy = policyOf(options)
    this.#timetable = new Timetable(this, this.#policy)
    if (transport.over) {
      this.#state = OVER
      this.#end = { reason: overBecause ?? 'disconnected', at: this.openedAt }
      return
    }
    transport.listen(this)
    this.#write(encodeFramed(firstText(options), this.framing))
    this.#timetable.setHeartbeat(options.heartbeatMs)
    if (options.expiresAtMs !== undefined) this.#timetable.setExpiry(options.expiresAtMs)
    if (options.maxAgeMs > 0) this.setMaxAge(options.maxAgeMs)
    if (transport.isHeld !== true) options.monitor?.onOpen?.(this)
  }

  /** How bytes for `writeFramed` have to be framed. Asking for it sends a head that is held back. */
  get framing(): Framing {
    return this.#transport.framing
  }

  get protocol(): Protocol {
    return this.#transport.protocol
  }

  /** True until the session ends. */
  get isOpen(): boolean {
    return this.#state !== OVER
  }

  get isOver(): boolean {
    return this.#state === OVER
  }

  /** True while the reader has not taken what was written. False once the session is over. */
  get isBlocked(): boolean {
    return this.#state === BLOCKED
  }

  /** The connection as the kernel knows it. It may be a proxy's. */
  get connection(): Connection {
    return this.#transport
  }

  /** What its bytes are written to. */
  get seam(): Seam {
    return this.#transport.seam ?? 'custom'
  }

  /** When bytes were last handed over, in milliseconds of the wheel's clock (`Wheel.now`). */
  get lastWriteAt(): number {
    return this.#timetable.lastWriteAt
  }

  /** Bytes that wait in this session's own queue. */
  get pendingBytes(): number {
    return this.#pending?.bytes ?? 0
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
    return this.#put(encodeEvent(event))
  }

  /** Sends a comment: bytes that no reader sees. */
  comment(text: string): SendResult {
    return this.#put(encodeComment(text))
  }

  /** Tells the reader its reconnection delay in milliseconds, as given: no jitter is added. */
  retry(ms: number): SendResult {
    return this.#put(encodeRetry(ms))
  }

  /**
   * Hands over bytes that are framed for `framing` already, and queues nothing: the fast path of
   * a fan-out. Returns false when the session is now blocked (the bytes were taken) or over (they
   * were not). Throws `HL_SESSION_BLOCKED` when the session was blocked before.
   */
  writeFramed(bytes: Uint8Array): boolean {
    if (this.#state === FREE) return this.#write(bytes)
    if (this.#state === OVER) return false
    throw new HeartlineError(sessionErrors.writeRefused)
  }

  /**
   * For a batch of sends that does in one system call what `writeFramed` does for one session: the
   * descriptor to send to, and the session counts as written to. What the batch cannot send follows
   * through `writeFramed` in the same turn, before anything else. See `NO_BATCH` and `IN_BATCH`.
   */
  joinBatch(batch: number): number {
    if (this.#state !== FREE) return NO_BATCH
    if (this.#batch === batch) return IN_BATCH
    const { fd } = this.#transport
    if (fd === undefined || fd < 0) return NO_BATCH
    this.#batch = batch
    this.#timetable.wrote()
    return fd
  }

  /** Sets the one observer; a later one takes the place of the first. */
  observe(observer: SessionObserver): void {
    this.#observer = observer
    const end = this.#end
    if (end !== undefined) queueMicrotask(() => observer.onEnd(this, end))
  }

  /** Resolves true when the session may be written to, false when it is over. Never hangs. */
  ready(): Promise<boolean> {
    if (this.#state !== BLOCKED) return Promise.resolve(this.#state === FREE)
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
    if (!this.isOpen || intervalMs === this.#timetable.heartbeatMs) return
    this.comment(heartbeatNotice(intervalMs))
    this.#timetable.setHeartbeat(intervalMs)
  }

  /**
   * Sets when the token expires, in Unix milliseconds (undefined = never). The session ends with
   * `token-expired` within the 100 ms before, or at the next tick when that is past.
   */
  setExpiry(atMs: number | undefined): void {
    if (atMs !== undefined) checkExpiry(atMs)
    if (this.isOpen) this.#timetable.setExpiry(atMs)
  }

  /** Sets the age, counted from now, at which it ends: less up to 10 % at random. 0 = never. */
  setMaxAge(maxAgeMs: number): void {
    checkNumber('maxAgeMs', maxAgeMs)
    if (!this.isOpen) return
    const { wheel, random } = this.#policy
    const age = maxAgeMs * (1 - 0.1 * random())
    this.#timetable.setAgeLimit(maxAgeMs === 0 ? undefined : wheel.now() + age)
  }

  /**
   * Ends the session in good order: it is over at once, what waits still leaves within the grace,
   * then the stream ends; after the grace it is cut. Does nothing when it is over already. Throws
   * `HL_OPTION_INVALID`.
   */
  close(reason: EndReason = 'finished', options: CloseOptions = {}): void {
    const { framing } = this
    if (this.#state === OVER) return
    const { final, graceMs, error } = checkClosing(reason, options)
    if (final !== undefined) this.#putFinal(encodeFramed(final, framing))
    const blocked = this.isBlocked
    this.#over(reason, error)
    this.#timetable.linger(graceMs)
    if (!blocked) this.#transport.end()
  }

  /** Ends it and cuts its connection at once, with all other streams that this carries. */
  sever(reason: EndReason): void {
    if (this.#state === OVER) return
    checkReason(reason)
    this.#cut(reason)
    this.#transport.sever?.()
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
    this.#transport = transport
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
    if (this.#state === OVER) return this.#flushRest()
    this.#state = FREE
    this.#timetable.unblock()
    if (this.#pending !== undefined && !this.#flush(this.#pending)) return
    this.#observer?.onWritable(this)
    if (this.#state === FREE) this.#onlookers?.wake(true)
  }

  /** @internal Called by the transport. */
  onTransportClosed(cause: CloseCause, error?: unknown): void {
    this.#pending = undefined
    if (this.#state === OVER) this.#timetable.stop()
    else this.#over(cause, error)
  }

  /** @internal Called by the timetable. */
  onDue(due: Due): void {
    if (due === 'heartbeat') return this.#beat()
    // Whoever is told of an end may do anything: nothing may be left in a batch.
    this.#policy.batch?.flush()
    switch (due) {
      case 'blocked':
        return this.#cut('blocked')
      case 'linger':
        return this.#discard()
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
    if (batch === undefined) this.#write(bytes)
    else batch.write(this, bytes)
  }

  #put(text: string): SendResult {
    const { framing } = this
    if (this.#state === OVER) return 'over'
    const bytes = encodeFramed(text, framing)
    if (this.#state === BLOCKED) return this.#queue(bytes)
    return this.#write(bytes) || this.#transport.isGone !== true ? 'written' : 'over'
  }

  /** Hands bytes to a transport that is free. */
  #write(bytes: Uint8Array): boolean {
    this.#timetable.wrote()
    if (this.#transport.write(bytes)) return true
    this.#state = BLOCKED
    this.#timetable.block()
    return false
  }

  /** A reader that does not read may cost `maxPendingBytes`, not more. */
  #queue(bytes: Uint8Array): SendResult {
    if (this.#transport.isGone === true) return 'over'
    this.#pending ??= new PendingBytes()
    if (this.#pending.bytes + bytes.length > this.#policy.maxPendingBytes) {
      this.#cut('slow')
      return 'over'
    }
    this.#pending.push(bytes)
    return 'waiting'
  }

  /** The last bytes may pass the limit: nothing follows them, and the grace bounds their stay. */
  #putFinal(bytes: Uint8Array): void {
    if (this.#state === FREE) return void this.#write(bytes)
    ;(this.#pending ??= new PendingBytes()).push(bytes)
  }

  #flush(pending: PendingBytes): boolean {
    this.#pending = undefined
    return this.#write(pending.take())
  }

  /** The session is over, but its reader goes on reading. */
  #flushRest(): void {
    const pending = this.#pending
    this.#pending = undefined
    if (pending === undefined || this.#transport.write(pending.take())) this.#transport.end()
  }

  #cut(reason: EndReason): void {
    this.#over(reason)
    this.#discard()
  }

  #discard(): void {
    this.#pending = undefined
    this.#transport.destroy()
  }

  #over(reason: EndReason, error?: unknown): void {
    const at = this.#policy.wheel.unixNow()
    const end: SessionEnd = error === undefined ? { reason, at } : { reason, at, error }
    this.#state = OVER
    this.#end = end
    this.#timetable.stop()
    this.#onlookers?.over(end)
    this.#observer?.onEnd(this, end)
    if (!this.#transport.over) this.#policy.monitor?.onEnd?.(this, end)
  }

  #some(): Onlookers {
    return (this.#onlookers ??= new Onlookers())
  }
}
