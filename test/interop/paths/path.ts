/** What a path must know of the server behind it. */
export interface PathTarget {
  readonly port: number
  /** A connection on which nothing is said for so long is cut. */
  readonly idleMs: number
  /** The server says itself that its answers are not to be held back. */
  readonly forbidsBuffering: boolean
}

/** One way to a server, in place. */
export interface RunningPath {
  /** Origin that readers ask, without a slash at its end. */
  readonly url: string
  /** `kill -9` of what stands in front of the server, and a new start in its place. */
  killAndRestart?: (() => Promise<void>) | undefined
  /** The protocols that readers spoke, where that is known. */
  protocols?: (() => readonly string[]) | undefined
  close(): Promise<void>
}

/** One kind of way between readers and a server. */
export interface InteropPath {
  readonly name: string
  /** TLS with HTTP/2, which only browsers and curl speak here. */
  readonly isHttp2: boolean
  /** It cuts what is idle. */
  readonly cutsIdle: boolean
  /** Why it cannot run here, for a person. */
  readonly missing?: (() => string | undefined) | undefined
  open(target: PathTarget): Promise<RunningPath>
}

export const direct: InteropPath = {
  name: 'direct',
  isHttp2: false,
  cutsIdle: false,
  open: ({ port }) =>
    Promise.resolve({ url: `http://127.0.0.1:${port}`, close: () => Promise.resolve() }),
}
