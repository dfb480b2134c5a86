/** Where a server streams and how events are published to it. */
export interface Endpoint {
  readonly streamPath: string
  readonly publish: Publishing
  /** Streams that may be opening at once, for servers that refuse more. Default 256. */
  readonly connectFlight?: number | undefined
  /** Further request headers, each line ended by CRLF. */
  readonly headers?: string | undefined
}

/** A body is `before` + text + (`between` + text)… + `after`. */
export interface Publishing {
  readonly path: string
  /** Unset: the port of the streams. */
  readonly port?: number | undefined
  readonly contentType: string
  readonly before?: string | undefined
  readonly between?: string | undefined
  readonly after?: string | undefined
}

/** A server that is ready to be started. */
export interface Startable extends Endpoint {
  /** Program and arguments. It stays in the foreground and ends by SIGTERM. */
  readonly command: readonly string[]
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** What exactly runs, with versions. */
  readonly version: string
}

export interface Place {
  /** The loopback port to listen on. */
  readonly port: number
  /** Another free one, for servers that are published to at an address of its own. */
  readonly publishPort: number
  /** An empty folder for its files. */
  readonly folder: string
  /** More flags for the hub. */
  readonly hubFlags: readonly string[]
}

/** A kind of server that is measured. */
export interface Peer {
  readonly name: string
  /** What it is, in one line. */
  readonly title: string
  /**
   * Builds and configures it.
   *
   * @throws Unavailable when it cannot run on this machine
   */
  readonly prepare: (place: Place) => Startable
}
