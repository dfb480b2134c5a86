import type { HeartlineError } from './error.ts'

/** One dispatched event. */
export interface ParsedEvent {
  /** `message` when the stream named none. */
  readonly type: string
  /** The values of the `data` lines, joined by LF. */
  readonly data: string
  /** The last event id of the stream as of this event, `''` when it gave none. */
  readonly lastEventId: string
}

/**
 * Called while a chunk is parsed, in the order of the stream. What a callback throws comes out of
 * `feed`; the rest of that chunk is parsed by the next `feed`, so nothing is lost but what the
 * callback was called for (and, with `onId`, the event of its block).
 */
export interface ParserCallbacks {
  readonly onEvent: (event: ParsedEvent) => void
  /** The text after the colon, without one leading space. Called when the line ends. */
  readonly onComment?: ((text: string) => void) | undefined
  /**
   * A reconnection time in milliseconds. It may be as large as `Number.MAX_SAFE_INTEGER` (larger
   * ones become this), which no timer takes: bound it before you use it.
   */
  readonly onRetry?: ((ms: number) => void) | undefined
  /** The last event id, when a block that gave one ends, with or without data; before `onEvent`. */
  readonly onId?: ((lastEventId: string) => void) | undefined
  /** The stream broke `maxEventLength`; nothing is called after this. Without it, `feed` throws. */
  readonly onError?: ((error: HeartlineError) => void) | undefined
}

export interface ParserOptions {
  /** The last event id before the first `id` of the stream: that of the stream before. Default `''`. */
  readonly lastEventId?: string | undefined
  /**
   * The greatest length (as of a string, line ends included) of one block, counted from its first
   * `data`, `event` or `id` line, and of any unfinished line. Default 16 Mi: 16,777,216.
   */
  readonly maxEventLength?: number | undefined
}

/** Reads one stream. For the next connection create another, with this one's `lastEventId`. */
export interface EventParser {
  /**
   * Parses a chunk, cut anywhere. Strings are text that was decoded already.
   *
   * @throws HeartlineError `HL_EVENT_TOO_LARGE` when there is no `onError`; what a callback throws.
   */
  feed(chunk: Uint8Array | string): void
  /** Ends the stream: an unfinished block is discarded, later chunks are ignored. Idempotent. */
  end(): void
  /** As of the last block that ended. */
  readonly lastEventId: string
}
