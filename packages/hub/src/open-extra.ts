import type { ConnectionKeeper, FreeSocket } from '@heartline/session'

/** What `open` and `openFetch` add to a response. */
export interface OpenExtra {
  /** Further response headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** What `openSocket` adds. */
export interface OpenSocketExtra extends OpenExtra {
  /** Gets the connection back for its next request. See `SocketSessionOptions.onFree`. */
  readonly onFree?: FreeSocket | undefined
  /** Lets the session do without the socket. See `SocketSessionOptions.keeper`. */
  readonly keeper?: ConnectionKeeper | undefined
}
