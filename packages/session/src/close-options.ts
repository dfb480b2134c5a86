/** How to end a session in good order. */
export interface CloseOptions {
  /** Last bytes: text of whole events, not framed. */
  readonly final?: string | Uint8Array | undefined
  /** How long what waits may take to leave before the stream is cut. Default 5,000. */
  readonly graceMs?: number | undefined
  /** Why, when an exception was the reason. Kept in the session's end. */
  readonly error?: unknown
}

/** How to send a reader away. */
export interface DrainOptions {
  /** Base of the jittered delay the reader is told. Default: the session's `retryMs`. */
  readonly retryMs?: number | undefined
  /** As for `close`. Default 5,000. */
  readonly graceMs?: number | undefined
}

export const DEFAULT_GRACE_MS = 5_000
