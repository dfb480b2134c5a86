import type { DrainOptions } from './close-options.ts'
import type { SessionEnd } from './end-reason.ts'
import { reportError, type MonitoredSession, type SessionMonitor } from './monitor.ts'

/** Who looks after groups. */
export interface GroupKeeper {
  /** The groups that have streams: nobody else may hold them. */
  readonly busy: Set<StreamGroup>
  /** Whether a stream that is opened now is to be ended at once. */
  readonly isClosing: () => boolean
}

/**
 * All streams that are to be ended together. Give it as `monitor` of their sessions; it passes on
 * what it is told to a monitor of yours.
 */
export class StreamGroup implements SessionMonitor {
  readonly #next: SessionMonitor | undefined
  readonly #sessions = new Set<MonitoredSession>()
  readonly #keeper: GroupKeeper | undefined

  /** @param keeper Of `StreamGroups`. */
  constructor(next?: SessionMonitor, keeper?: GroupKeeper) {
    this.#next = next
    this.#keeper = keeper
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
    this.#keeper?.busy.add(this)
    this.#next?.onOpen?.(session)
    // It came on a connection that outlived the end of its server.
    if (this.#keeper?.isClosing() === true) queueMicrotask(() => session.drain())
  }

  onHeartbeat(session: MonitoredSession): void {
    this.#next?.onHeartbeat?.(session)
  }

  onEnd(session: MonitoredSession, end: SessionEnd): void {
    if (!this.#sessions.delete(session)) return
    if (this.#sessions.size === 0) this.#keeper?.busy.delete(this)
    this.#next?.onEnd?.(session, end)
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
