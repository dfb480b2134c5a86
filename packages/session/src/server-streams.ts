import type { SessionMonitor } from './monitor.ts'
import type { StreamGroup } from './stream-group.ts'
import { StreamGroups } from './stream-groups.ts'

/** How long a reader that does not read may hold up the end of its server. */
const GRACE_MS = 500
const SWEEP_MS = 25
/** A server that is not closed by then waits for something else. */
const SWEEPS = 400

/** A request of node:http or node:http2, as far as it is used here: Fetch entries reach this file. */
interface ServedRequest {
  readonly socket?: object | null | undefined
  /** Of HTTP/2. */
  readonly stream?: { readonly session?: Http2Session | undefined } | undefined
}

/** A server of node:http, node:https or node:http2, as far as it is used here. */
interface ClosableServer {
  readonly listening: boolean
  close(...args: unknown[]): unknown
  closeIdleConnections?(): void
  on(event: string, listener: (about: never) => void): unknown
  once(event: 'close', listener: () => void): unknown
}

interface OpenSocket {
  readonly bytesRead: number
  destroy(): unknown
  once(event: 'close', listener: () => void): unknown
  off(event: 'close', listener: () => void): unknown
}

interface Http2Session {
  readonly closed: boolean
  close(): void
  destroy(): void
  once(event: 'close' | 'stream', listener: () => void): unknown
}

const known = new WeakMap<object, ServerStreams>()
/** Requests that a test tool injects came through no server. */
const NO_SERVER = {}

/**
 * The group of the streams of the server that a request came to; without a request, of those that came
 * to no server of Node. They end when somebody calls
 * `server.close()`, which would else wait for them for ever: it says nothing to anybody before all
 * connections are gone, so that the method of this one server is replaced by one that tells us.
 */
export function groupOf(request: ServedRequest | undefined, monitor?: SessionMonitor): StreamGroup {
  const { server } = (request?.socket ?? {}) as { server?: ClosableServer | undefined }
  const streams = known.get(server ?? NO_SERVER) ?? new ServerStreams(server)
  known.set(server ?? NO_SERVER, streams)
  streams.note(request?.stream?.session)
  return streams.groups.group(monitor)
}

/**
 * Ends all streams that came to a server of Node: they are told when to come back, and what does
 * not leave within 500 ms is cut. `server.close()` does it by itself; call it where a framework does
 * other things first.
 */
export function closeStreams(server: object): void {
  known.get(server)?.close()
}

class ServerStreams {
  readonly #server: ClosableServer | undefined
  readonly groups = new StreamGroups(() => this.#isClosing && this.#server?.listening === false)
  readonly #http2 = new Set<Http2Session>()
  /** Connections without a request yet, and what to take off them when one comes. */
  readonly #silent = new Map<OpenSocket, () => void>()
  /** Sessions of HTTP/2 without a request yet: `close` would wait for their readers. */
  readonly #unused = new Set<Http2Session>()
  #isClosing = false

  constructor(server: ClosableServer | undefined) {
    this.#server = server
    if (server === undefined) return
    this.#noteSilent(server)
    const close = server.close.bind(server)
    server.close = (...args) => {
      this.close()
      this.#sweep(server)
      return close(...args)
    }
  }

  note(session: Http2Session | undefined): void {
    if (session === undefined || this.#http2.has(session)) return
    this.#http2.add(session)
    session.once('close', () => this.#http2.delete(session))
  }

  close(): void {
    this.#isClosing = true
    this.groups.drain({ graceMs: GRACE_MS })
  }

  /**
   * Browsers and `fetch` of Node open connections ahead of their next request. Node does not count
   * them among the idle ones, and waits for them until they give up.
   */
  #noteSilent(server: ClosableServer): void {
    if (server.closeIdleConnections === undefined) {
      server.on('session', (session: Http2Session) => {
        const forget = (): void => void this.#unused.delete(session)
        this.#unused.add(session)
        session.once('stream', forget)
        session.once('close', forget)
      })
      return
    }
    const event = 'setSecureContext' in server ? 'secureConnection' : 'connection'
    server.on(event, (connection: OpenSocket) => {
      const forget = (): void => void this.#silent.delete(connection)
      this.#silent.set(connection, forget)
      connection.once('close', forget)
    })
    server.on('request', ({ socket }: { socket: OpenSocket }) => {
      const forget = this.#silent.get(socket)
      if (forget === undefined) return
      socket.off('close', forget)
      forget()
    })
  }

  /** Connections become idle when their streams end, and would be kept for their next request. */
  #sweep(server: ClosableServer): void {
    for (const session of this.#http2) if (!session.closed) session.close()
    for (const session of this.#unused) session.destroy()
    let left = SWEEPS
    const timer = setInterval(() => {
      server.closeIdleConnections?.()
      for (const connection of this.#silent.keys()) {
        // A request that is on its way is still answered.
        if (connection.bytesRead === 0) connection.destroy()
      }
      if (--left === 0) clearInterval(timer)
    }, SWEEP_MS)
    ;(timer as { unref?: () => void }).unref?.()
    server.once('close', () => clearInterval(timer))
  }
}
