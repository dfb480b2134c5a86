import type { DrainOptions } from './close-options.ts'
import type { SessionEnd } from './end-reason.ts'
import { reportError, type MonitoredSession, type SessionMonitor } from './monitor.ts'

/**
 * All streams that are to be ended together. Give it as `monitor` of their sessions; it passes on
 * what it is told to a monitor of yours.
 */
export class StreamGroup implements SessionMonitor {
  readonly #next: SessionMonitor | undefined
  readonly #sessions = new Set<MonitoredSession>()
  #isClosing: () => boolean = () => false

  constructor(next?: SessionMonitor, isClosing?: () => boolean) {
    this.#next = next
    if (isClosing !== undefined) this.#isClosing = isClosing
  }

  /** Streams that are open. */
  get size(): number {
    return this.#sessions.size
  }

  /** Tells all readers when to come back, and ends their streams. See `Session.drain`. */
  drain(options?: DrainOptions): void {
    for (const session of this.#sessions) session.drain(options)
  }

  onOpen(session: MonitoredSession): void {
    this.#sessions.add(session)
    this.#next?.onOpen?.(session)
    // It came on a connection that outlived the end of its server.
    if (this.#isClosing()) queueMicrotask(() => session.drain())
  }

  onHeartbeat(session: MonitoredSession): void {
    this.#next?.onHeartbeat?.(session)
  }

  onEnd(session: MonitoredSession, end: SessionEnd): void {
    if (this.#sessions.delete(session)) this.#next?.onEnd?.(session, end)
  }

  onHandlerStart(session: MonitoredSession): void {
    this.#next?.onHandlerStart?.(session)
  }

  onHandlerEnd(session: MonitoredSession): void {
    this.#next?.onHandlerEnd?.(session)
  }

  onError(error: unknown, session: MonitoredSession): void {
    reportError(error, session, this.#next)
  }
}
