import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { OpenResponseExtra } from '@heartline/hub'
import { returnToHttp } from '@heartline/session'
import { HeartlineError } from '@heartline/wire'
import type { Config } from '../config/config.ts'
import { formatHostPort } from '../config/listen-address.ts'
import type { DoorRoutes } from '../door/door-routes.ts'
import { FrontDoor } from '../door/front-door.ts'
import { serverErrors } from '../errors.ts'
import { answerClientError } from './client-error.ts'
import { Connections } from './connections.ts'
import { HEADERS_TIMEOUT_MS, KEEP_ALIVE_MS } from './deadlines.ts'
import { listenOn } from './listen.ts'
import type { Arrival } from './request-handler.ts'

const HANDSHAKE_TIMEOUT_MS = 10_000
/** HTTP/2 connections without a stream are closed. */
const IDLE_HTTP2_MS = 120_000
const MAX_STREAMS = 1000
/** Longer heads than those of an EventSource behind a proxy are read by node:http. */
const MAX_DOOR_HEAD_BYTES = 8192

type Handle = (
  request: IncomingMessage,
  response: ServerResponse,
  arrival: Arrival,
) => Promise<void>

/** The listening socket and its connections. */
export class Listener {
  readonly #config: Config
  readonly #server: Server | Http2SecureServer
  readonly #connections = new Connections()
  readonly #door: FrontDoor | undefined
  readonly #http2 = new Set<ServerHttp2Session>()

  /**
   * @param atDoor What is answered without node:http, where that is possible.
   * @throws HeartlineError `HL_CONFIG_INVALID` when the certificate cannot be used
   */
  constructor(config: Config, handle: Handle, atDoor: DoorRoutes | undefined) {
    this.#config = config
    const isTls = config.tls.certFile !== undefined
    // Whoever listens to a request or a response here has nothing to learn once it is a stream.
    const streamExtra: OpenResponseExtra = {
      release: true,
      onFree: (socket) => this.#takeBack(socket),
      keeper: this.#connections,
    }
    const server = isTls ? createTlsServer(config) : createPlainServer(config)
    this.#server = server
    // For HTTP/1.1 the secure server of HTTP/2 is one of HTTP/1.1 too.
    const target = server as Server
    target.headersTimeout = HEADERS_TIMEOUT_MS
    // Bodies have deadlines of their own: a body of lines may last as long as lines come.
    target.requestTimeout = 0
    target.on('request', (request, response) => {
      this.#track(request, response)
      void handle(request, response, { streamExtra })
    })
    target.on('checkContinue', (request, response) => {
      this.#track(request, response)
      void handle(request, response, { awaitsContinue: true, streamExtra })
    })
    target.on('clientError', (error, socket) => answerClientError(error, socket as Socket))
    this.#door = isTls || atDoor === undefined ? undefined : this.#createDoor(target, atDoor)
    target.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => this.#watch(socket))
    server.on('session', (session: ServerHttp2Session) => this.#watchHttp2(session))
  }

  /** Whether the front door looks at connections first, or why not. */
  get doorState(): 'on' | 'off' | 'off: TLS' {
    if (this.#door !== undefined) return 'on'
    return this.#config.tls.certFile === undefined ? 'off' : 'off: TLS'
  }

  /** Rejects with `HL_LISTEN_FAILED`. */
  async listen(): Promise<void> {
    await listenOn(this.#server as Server, this.#config.listen)
  }

  /** Where it can be reached, with the real port; `unix:PATH` for a unix socket. */
  get url(): string {
    const { path } = this.#config.listen
    if (path !== undefined) return `unix:${path}`
    const { address, port } = this.#server.address() as AddressInfo
    const isAny = address === '::' || address === '0.0.0.0'
    const scheme = this.#config.tls.certFile === undefined ? 'http' : 'https'
    return `${scheme}://${formatHostPort(isAny ? undefined : address, port)}`
  }

  /** Stops listening, lets answers under way end for `graceMs`, then cuts what is left. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const session of this.#http2) session.close()
    // Also those that have not sent a request yet, which node:http does not count as idle.
    this.#connections.cutIdle()
    this.#door?.close()
    const cut = setTimeout(() => this.#connections.cutAll(), graceMs)
    await closed
    clearTimeout(cut)
  }

  /** The door stands where node:http took connections, and passes on what it does not read. */
  #createDoor(server: Server, routes: DoorRoutes): FrontDoor {
    const [serve] = server.listeners('connection')
    server.removeAllListeners('connection')
    return new FrontDoor({
      routes,
      keeper: this.#connections,
      // Both count what is about the same. Half leaves room for what they count differently.
      maxHeadBytes: Math.min(MAX_DOOR_HEAD_BYTES, this.#config.limits.maxHeaderBytes / 2),
      serve: (socket) => {
        this.#connections.count(socket, 0)
        serve?.call(server, socket)
      },
      refuse: (socket, code) => answerClientError(Object.assign(new Error(code), { code }), socket),
    })
  }

  #watch(socket: Socket): void {
    this.#connections.add(socket)
    if (this.#door !== undefined) this.#door.accept(socket)
    // A connection of HTTP/2 has a session that ends it in good order.
    else if (!isHttp2(socket)) this.#connections.count(socket, 0)
  }

  #track(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    if (request.httpVersionMajor > 1) return
    this.#connections.count(socket, 1)
    response.once('close', () => this.#connections.count(socket, -1))
  }

  /** A stream without its response has ended in good order. */
  #takeBack(socket: Socket): void {
    this.#connections.forgetRequests(socket)
    if (this.#door !== undefined) return this.#door.onFree(socket)
    this.#connections.count(socket, 0)
    returnToHttp(socket, this.#server as Server)
  }

  #watchHttp2(session: ServerHttp2Session): void {
    this.#http2.add(session)
    session.once('close', () => this.#http2.delete(session))
    // Graceful: open streams go on, the connection ends with the last of them.
    session.setTimeout(IDLE_HTTP2_MS, () => session.close())
    session.on('error', () => session.destroy())
  }
}

function createPlainServer(config: Config): Server {
  return createServer({
    maxHeaderSize: config.limits.maxHeaderBytes,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: HEADERS_TIMEOUT_MS / 2,
    noDelay: true,
  })
}

function createTlsServer(config: Config): Http2SecureServer {
  const { maxHeaderBytes } = config.limits
  try {
    const server = createSecureServer({
      cert: readFileSync(config.tls.certFile ?? ''),
      key: readFileSync(config.tls.keyFile ?? ''),
      allowHTTP1: true,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      settings: { maxHeaderListSize: maxHeaderBytes, maxConcurrentStreams: MAX_STREAMS },
    })
    // HTTP/1.1 connections read these from the server; its constructor takes no such options.
    return Object.assign(server, { maxHeaderSize: maxHeaderBytes, keepAliveTimeout: KEEP_ALIVE_MS })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HeartlineError(serverErrors.configInvalid, { where: 'tls', reason }, cause)
  }
}

function isHttp2(socket: Socket & { alpnProtocol?: string | false | null }): boolean {
  return socket.alpnProtocol === 'h2'
}
