import type { Session, SessionOptions } from '../../src/index.ts'
import type { Received } from './reader.ts'

/** What a handler under test gets: enough to open a session, whatever carries it. */
export interface Exchange {
  open(options?: SessionOptions): Session
}

export type Handler = (exchange: Exchange) => void | Promise<void>

export interface ConnectOptions {
  readonly method?: string | undefined
  /** A request body. It is sent unfinished when `openBody` is set. */
  readonly body?: string | undefined
  readonly openBody?: boolean | undefined
  /** Do not read the response until `resume`. */
  readonly paused?: boolean | undefined
}

/** A real client of a real server. */
export interface Client {
  /** Status and headers, once they are there. */
  readonly head: Promise<{ status: number; headers: Record<string, string> }>
  readonly received: Received
  /** True when the body ended in order. */
  readonly finished: boolean
  /** True when the stream is gone, in order or not. */
  readonly gone: boolean
  pause(): void
  resume(): void
  /** Cuts the connection (or cancels the stream). */
  leave(): void
}

export interface Served {
  connect(options?: ConnectOptions): Client
  close(): Promise<void>
}

export interface Target {
  readonly name: string
  readonly protocol: string
  readonly framing: string
  /** True when the headers of HTTP/1 connections are in place. */
  readonly http1: boolean
  serve(handler: Handler): Promise<Served>
}
