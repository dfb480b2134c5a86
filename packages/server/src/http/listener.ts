import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { HeartlineError } from '@heartline/wire'
import type { Config } from '../config/config.ts'
import { formatHostPort } from '../config/listen-address.ts'
import { serverErrors } from '../errors.ts'
import { answerClientError } from './client-error.ts'
import { listenOn } from './listen.ts'

/** The time in which a client must have sent its headers: bounds slow ones (slowloris). */
const HEADERS_TIMEOUT_MS = 10_000
/** Longer than the 60 s of common proxies: else they reuse a connection that we just closed. */
const KEEP_ALIVE_MS = 65_000
const HANDSHAKE_TIMEOUT_MS = 10_000
/** HTTP/2 connections without a stream are closed. */
const IDLE_HTTP2_MS = 120_000
const MAX_STREAMS = 1000

type Handle = (
  request: IncomingMessage,
  response: ServerResponse,
  awaits?: boolean,
) => Promise<void>

/** The listening socket and its connections. */
export class Listener {
  readonly #config: Config
  readonly #server: Server | Http2SecureServer
  /** Open connections and how many requests each is answering. */
  readonly #sockets = new Map<Socket, number>()
  readonly #http2 = new Set<ServerHttp2Session>()

  /** Throws `HL_CONFIG_INVALID` when the certificate cannot be used. */
  constructor(config: Config, handle: Handle) {
    this.#config = config
    const isTls = config.tls.certFile !== undefined
    const server = isTls ? createTlsServer(config) : createPlainServer(config)
    this.#server = server
    // For HTTP/1.1 the secure server of HTTP/2 is one of HTTP/1.1 too.
    const target = server as Server
    target.headersTimeout = HEADERS_TIMEOUT_MS
    // Bodies have deadlines of their own: a body of lines may last as long as lines come.
    target.requestTimeout = 0
    target.on('request', (request, response) => {
      this.#track(request, response)
      void handle(request, response)
    })
    target.on('checkContinue', (request, response) => {
      this.#track(request, response)
      void handle(request, response, true)
    })
    target.on('clientError', (error, socket) => answerClientError(error, socket as Socket))
    target.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => this.#watch(socket))
    server.on('session', (session: ServerHttp2Session) => this.#watchHttp2(session))
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
    this.#cut((socket, requests) => requests === 0 && !isHttp2(socket))
    const cut = setTimeout(() => this.#cut(() => true), graceMs)
    await closed
    clearTimeout(cut)
  }

  #cut(isMeant: (socket: Socket, requests: number) => boolean): void {
    for (const [socket, requests] of this.#sockets) {
      if (isMeant(socket, requests)) socket.destroy()
    }
  }

  #watch(socket: Socket): void {
    this.#sockets.set(socket, 0)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  #track(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    this.#count(socket, 1)
    response.once('close', () => this.#count(socket, -1))
  }

  #count(socket: Socket, change: number): void {
    const requests = this.#sockets.get(socket)
    if (requests !== undefined) this.#sockets.set(socket, requests + change)
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
