import type { DrainOptions } from './close-options.ts'
import type { SessionEnd } from './end-reason.ts'
import type { Protocol } from './transport.ts'

/** What a monitor sees of a session. */
export interface MonitoredSession {
  readonly id: string
  /** Unix milliseconds. */
  readonly openedAt: number
  readonly protocol: Protocol
  readonly remoteAddress: string | undefined
  /** See `Session.drain`. */
  drain(options?: DrainOptions): void
}

/**
 * Told about all sessions that were opened with it (`SessionOptions.monitor`), besides the one
 * observer of each. Use one object for many sessions: it costs them nothing then. Nothing that it
 * does may throw.
 */
export interface SessionMonitor {
  /** The head and the first bytes were handed over. */
  onOpen?(session: MonitoredSession): void
  onHeartbeat?(session: MonitoredSession): void
  /** Exactly once for each that was opened. */
  onEnd?(session: MonitoredSession, end: SessionEnd): void
  /** A handler was called for a session. */
  onHandlerStart?(session: MonitoredSession): void
  /** The handler returned, threw, or its promise was settled. It may outlive its session. */
  onHandlerEnd?(session: MonitoredSession): void
  /**
   * A handler threw after the head was sent, or a clean-up threw: nobody else is told. Without this
   * method the process warns (`HeartlineStreamError`).
   */
  onError?(error: unknown, session: MonitoredSession): void
}

/** Tells the monitor, or else the process: an error that nobody sees is a defect for ever. */
export function reportError(
  error: unknown,
  session: MonitoredSession,
  monitor: SessionMonitor | undefined,
): void {
  if (monitor?.onError !== undefined) return monitor.onError(error, session)
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const { process } = globalThis as { process?: { emitWarning?: (...args: string[]) => void } }
  process?.emitWarning?.(`Stream ${session.id}: ${text}`, 'HeartlineStreamError')
}
