import type { Connection } from './connection.ts'

/**
 * The one write seam between a session and what carries its bytes. Behind it stand the socket of
 * an HTTP/1.1 response (pre-framed chunks), `res.write`, an HTTP/2 stream and a Web stream.
 */

/** How bytes have to be framed before `write`: as HTTP/1.1 chunks, or not at all. */
export type Framing = 'chunked' | 'raw'

/** What carries the stream. */
export type Protocol = 'http/1.0' | 'http/1.1' | 'h2' | 'fetch'

/** The ways to write to an HTTP/1 connection, fastest first. See `testSeams`. */
export type WriteSeam = 'handle' | 'socket' | 'response'

/** What a session writes to. `custom`: a transport of the caller's own. */
export type Seam = WriteSeam | 'http2' | 'fetch' | 'custom'

/**
 * Why a transport closed: `disconnected` the peer left, `error` it failed, `finished` somebody
 * ended it in order (the session through `end()`, or the framework behind the session's back).
 */
export type CloseCause = 'disconnected' | 'error' | 'finished'

/** What a transport tells its session. */
export interface TransportListener {
  /** The peer took what was waiting: the transport is not blocked any more. */
  onWritable(): void
  /** Nothing will be carried any more. Called at most once, also after `end()`. */
  onTransportClosed(cause: CloseCause, error?: unknown): void
}

/** Carries the bytes of one stream to one peer. */
export interface Transport extends Connection {
  readonly framing: Framing
  readonly protocol: Protocol
  /** Default `custom`. */
  readonly seam?: Seam | undefined
  /** True when the stream was already over when the transport was made. */
  readonly over: boolean
  /** True while the head is held back: another transport takes its place. Default false. */
  readonly isHeld?: boolean | undefined
  /**
   * The descriptor of the connection while it is this stream's alone and `write` would hand bytes
   * to the kernel at once: a batch of sends may do that in its place. Default: none.
   */
  readonly fd?: number | undefined
  /**
   * True when the stream is gone, and says so in a later turn: what `write` got last, and gets from
   * now on, is not carried. Default false.
   */
  readonly isGone?: boolean | undefined
  /**
   * Hands bytes, framed as `framing` says, to the peer. Returns false when the peer did not take
   * all of them at once: the transport is *blocked*, holds at most these bytes (and, on HTTP/2,
   * Fetch and `res.write`, what fits under that stream's high-water mark), and calls `onWritable`
   * once when they are gone. Must not be called while blocked or after the end. When the stream
   * is gone but has not said so yet, it drops the bytes and returns false; the close follows.
   */
  write(bytes: Uint8Array): boolean
  /** Ends the stream in good order after what was written. */
  end(): void
  /** Cuts the stream off now and frees what waits. Does nothing when it is closed. */
  destroy(): void
  /** Destroys the connection below, where it carries other streams: its peer is gone. */
  sever?(): void
  /** The one listener. Set once, before the first write. */
  listen(listener: TransportListener): void
}
