import type { Session, SessionOptions } from '@heartline/session/fetch'

/** One HTTP request and the way to answer it, whatever server it came through. */
export interface Exchange<Incoming> {
  /** The request as the server knows it: what hooks are given. */
  readonly incoming: Incoming
  readonly method: string
  readonly query: URLSearchParams
  /** Aborted when the peer went away. */
  readonly signal: AbortSignal
  /** By lower-case name. */
  header(name: string): string | undefined
  /**
   * The body: text, or what a layer before this one made of it.
   * Rejects with `HL_GRAPHQL_BODY_TOO_LARGE`.
   */
  body(maxBytes: number): Promise<unknown>
  /** Sends the head of a stream and its first bytes. No `Reply` is sent after that. */
  open(options: SessionOptions): Session
}

/** An answer that is not a stream. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What became of a request: an answer, or undefined when a stream was opened. */
export type Answer = Reply | undefined
