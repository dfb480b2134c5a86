/** Why a session ended: one code each, counted and logged. */
export type EndReason =
  /** The peer closed the connection (FIN, RST, cancelled body, aborted request). */
  | 'disconnected'
  /** The transport failed. */
  | 'error'
  /** The handler or source finished and closed the stream. */
  | 'finished'
  /** The user's handler or source threw. */
  | 'handler-error'
  /** The hub or process is leaving in good order. */
  | 'drained'
  /** Older than `maxAgeMs`: planned rotation. */
  | 'max-age'
  /** A write waited longer than `maxBlockedMs`. */
  | 'blocked'
  /** Fell further behind than its policy allows, or more waits than `maxPendingBytes`. */
  | 'slow'
  /** The token expired. */
  | 'token-expired'
  /** Three acknowledgements in a row were missed. */
  | 'unresponsive'
  /** The kernel sent bytes again and again, and the reader's side acknowledged nothing. */
  | 'unreachable'
  /** Ended by an administrator, may reconnect. */
  | 'ended'
  /** Ended by an administrator, must not reconnect. */
  | 'kicked'

/** The one end of a session. It never changes once it is there. */
export interface SessionEnd {
  readonly reason: EndReason
  /** Unix milliseconds. */
  readonly at: number
  /** What the transport, the handler or the source threw, when there was something. */
  readonly error?: unknown
}
