/**
 * The one write seam between a session and what carries its bytes. Behind it stand the socket of
 * an HTTP/1.1 response (pre-framed chunks), `res.write`, an HTTP/2 stream and a Web stream.
 */

/** How bytes have to be framed before `write`: as HTTP/1.1 chunks, or not at all. */
export type Framing = 'chunked' | 'raw'

export interface TransportListener {
  /** The peer took what was waiting: the transport is not blocked any more. */
  onWritable(): void
  /** The stream ended and it was not the session that ended it. Called at most once. */
  onTransportClosed(cause: 'disconnected' | 'error', error?: unknown): void
}

export interface Transport {
  readonly framing: Framing
  readonly protocol: 'http/1.0' | 'http/1.1' | 'h2' | 'fetch'
  /** Address of the peer, when known. */
  readonly remoteAddress: string | undefined
  /** True when the stream was already over when the transport was made. */
  readonly over: boolean
  /**
   * Hands bytes, framed as `framing` says, to the peer. Returns false when the peer did not take
   * all of them at once: the transport is *blocked*, holds at most these bytes, and calls
   * `onWritable` once when they are gone. Must not be called while blocked or after the end.
   */
  write(bytes: Uint8Array): boolean
  /** Ends the stream in good order after what was written. */
  end(): void
  /** Cuts the stream off now and frees what waits. */
  destroy(): void
  /** The one listener. Set once, before the first write. */
  listen(listener: TransportListener): void
}
