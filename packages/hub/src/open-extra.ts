import type {
  ConnectionKeeper,
  FreeSocket,
  NodeSessionOptions,
  SessionMonitor,
} from '@heartline/session'

/** What `openFetch` adds to a response. */
export interface OpenExtra {
  /** Further response headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Told about the session. See `SessionOptions.monitor`. */
  readonly monitor?: SessionMonitor | undefined
}

/** What `openSocket` adds. */
export interface OpenSocketExtra extends OpenExtra {
  /** Gets the connection back for its next request. See `SocketSessionOptions.onFree`. */
  readonly onFree?: FreeSocket | undefined
  /** Lets the session do without the socket. See `SocketSessionOptions.keeper`. */
  readonly keeper?: ConnectionKeeper | undefined
}

/** What `open` adds to a response. */
export interface OpenResponseExtra extends OpenSocketExtra {
  /** Lets the session do without request and response. See `NodeSessionOptions.release`. */
  readonly release?: NodeSessionOptions['release']
}
