import { Server, ServerResponse, type IncomingMessage } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import { HeartlineError } from '@heartline/wire'
import { ClosedTransport } from './closed-transport.ts'
import { sessionErrors } from './errors.ts'
import { plainHandleOf } from './handle.ts'
import { headFields } from './head.ts'
import type { Opened } from './held-transport.ts'
import { Http1Transport } from './http1-transport.ts'
import { Http2Transport } from './http2-transport.ts'
import { isHttp2, type NodeRequest, type NodeResponse } from './node-response.ts'
import {
  resolveSessionOptions,
  type ResolvedSessionOptions,
  type SessionOptions,
} from './options.ts'
import { ReleasableTransport, type ReleaseTerms } from './releasable-transport.ts'
import { ResponseTransport } from './response-transport.ts'
import { startTest } from './seam-test.ts'
import { allowedSeam, mayRelease, maySpareSocket } from './seam.ts'
import { Session } from './session.ts'
import type { ConnectionKeeper, FreeSocket } from './socket-transport.ts'
import type { CloseCause, Protocol, Transport, WriteSeam } from './transport.ts'

export interface NodeSessionOptions extends SessionOptions {
  /**
   * The fastest way to write that may be used. `auto` writes below the response (handle or socket,
   * HTTP/2 stream) when nothing stands between; `socket` does not touch the native handle;
   * `response` always goes through `res.write`. Default `auto`, which is the same as `handle`.
   */
  transport?: 'auto' | WriteSeam | undefined
  /**
   * Whether an HTTP/1 stream on a plain connection lets go of its request, its response and the
   * parser, which is most of the memory of an idle stream. `auto`: when nobody listens to them or
   * has replaced one of their methods. Who still has them in its hands can end the stream as
   * before, and is told its end; `response.write` does nothing any more. `true`: also when somebody
   * listens, who is not told any more. `false`: never. Default `auto`.
   */
  release?: boolean | 'auto' | undefined
  /** Gets the connection back from a stream that let go. Default: its node:http server does. */
  onFree?: FreeSocket | undefined
  /** Lets a stream that let go do without its socket. See `SocketSessionOptions.keeper`. */
  keeper?: ConnectionKeeper | undefined
}

/**
 * Opens a session on a Node response: sends the head and the first bytes at once. Authorize
 * before. Headers already set on the response are kept, except those about framing and type. The
 * rest of the request body is thrown away if nobody reads it.
 *
 * The session is over from the start, and nothing is written, when the client has left already
 * (`disconnected`), for a HEAD request (`finished`), and for a request pipelined behind another
 * that is still being answered (`error`; the connection is destroyed, since this stream could not
 * begin before that one ends).
 *
 * Throws `HL_OPTION_INVALID`, and `HL_HEAD_SENT` when the response was already begun.
 */
export function createNodeSession(
  request: NodeRequest,
  response: NodeResponse,
  options: NodeSessionOptions = {},
): Session {
  const resolved = resolveSessionOptions(options)
  const { transport, cause } = openNode({ request, response, resolved, options })
  return new Session(transport, resolved, cause)
}

/** A request, and what is to be made of it. */
export interface NodeOpening {
  readonly request: NodeRequest
  readonly response: NodeResponse
  readonly resolved: ResolvedSessionOptions
  readonly options: NodeSessionOptions
}

/** Sends the head. What it answers is over from the start where `createNodeSession` says so. */
export function openNode({ request, response, resolved, options }: NodeOpening): Opened {
  const fields = headFields(resolved, (name) => presentHeader(response, name))
  const protocol = protocolOf(request)
  const over = (cause: CloseCause): Opened => {
    return { transport: new ClosedTransport(protocol, request.socket?.remoteAddress), cause }
  }
  if (isGone(request, response)) return over('disconnected')
  if (response.headersSent) throw new HeartlineError(sessionErrors.headSent)
  if (isPipelined(response)) {
    request.socket.destroy()
    return over('error')
  }
  dropBody(request)
  prepareHead(request, response, fields)
  if (request.method !== 'HEAD') {
    return { transport: toTransport({ request, response, fields, protocol, resolved, options }) }
  }
  sendHead(response, fields)
  response.end()
  return over('finished')
}

interface Opening extends NodeOpening {
  readonly fields: Record<string, string>
  readonly protocol: Protocol
}

function toTransport(opening: Opening): Transport {
  const { request, response, fields, protocol } = opening
  const plain = seamOf(opening) !== 'response' && isPlain(response)
  if (isHttp2(response)) {
    sendHead(response, fields)
    if (plain) return new Http2Transport(response)
    return new ResponseTransport(response, protocol, request.socket as Socket)
  }
  return toHttp1Transport(opening, response, plain ? response.socket : null)
}

/** The first session of a process starts the self-test, and does without what it proves. */
function seamOf({ options }: Opening): WriteSeam {
  void startTest()
  const { transport = 'auto' } = options
  return allowedSeam(transport === 'auto' ? 'handle' : transport)
}

/** `socket` is null when the response must be written through. */
function toHttp1Transport(
  opening: Opening,
  response: ServerResponse,
  socket: Socket | null,
): Transport {
  const { request, fields, protocol } = opening
  tuneSocket(request.socket as Socket)
  // Head and first bytes leave in one packet; the transport takes the cork out.
  socket?.cork()
  try {
    sendHead(response, fields)
  } catch (error) {
    // A header hook of the framework threw: its error page must be able to leave.
    socket?.uncork()
    throw error
  }
  if (socket !== null) {
    const handle = seamOf(opening) === 'handle' ? plainHandleOf(socket) : undefined
    const transport = new Http1Transport(response, socket, { protocol, handle })
    return toReleasable(transport, opening, { response, socket, handle })
  }
  return new ResponseTransport(response, protocol, request.socket as Socket)
}

/** A stream that lets go of its response, if it may. */
function toReleasable(
  transport: Http1Transport,
  { request, options }: Opening,
  parts: Pick<ReleaseTerms, 'response' | 'socket' | 'handle'>,
): Transport {
  const { release: when = 'auto', onFree } = options
  const { server } = parts.socket
  if (when === false || !mayRelease() || !(server instanceof Server)) return transport
  const keeper = maySpareSocket() ? options.keeper : undefined
  const own = { request: request as IncomingMessage, server, when, onFree, keeper }
  return new ReleasableTransport(transport, { ...parts, ...own })
}

export function protocolOf(request: NodeRequest): Protocol {
  if (request.httpVersionMajor >= 2) return 'h2'
  return request.httpVersionMinor >= 1 ? 'http/1.1' : 'http/1.0'
}

/** `req 'close'` and `req.destroyed` say nothing: they come when the body has been read. */
export function isGone(request: NodeRequest, response: NodeResponse): boolean {
  if (isHttp2(response)) {
    const { stream } = response
    return stream === undefined || stream.destroyed || stream.closed || stream.aborted
  }
  return response.destroyed || response.closed || request.socket.destroyed
}

/** Node hands out a pipelined request at once, but its response has no socket until its turn. */
function isPipelined(response: NodeResponse): boolean {
  return !isHttp2(response) && response.socket === null
}

/** True when nobody wraps the response and nothing waits in it. */
function isPlain(response: NodeResponse): boolean {
  if (isHttp2(response)) return response.write === Http2ServerResponse.prototype.write
  return (
    response.write === ServerResponse.prototype.write &&
    response.writableCorked === 0 &&
    response.writableLength === response.socket?.writableLength
  )
}

/** A body nobody reads keeps the request unfinished, and `requestTimeout` would cut the stream. */
function dropBody(request: NodeRequest): void {
  const { headers } = request
  const hasBody = headers['content-length'] !== undefined || 'transfer-encoding' in headers
  const untouched = request.readableFlowing === null
  if (untouched && (hasBody || request.httpVersionMajor >= 2)) request.resume()
}

/** Headers of the connection depend on the protocol: HTTP/2 knows none of them. */
function prepareHead(
  request: NodeRequest,
  response: NodeResponse,
  fields: Record<string, string>,
): void {
  if (response.hasHeader('content-length')) response.removeHeader('content-length')
  if (isHttp2(response)) {
    response.removeHeader('transfer-encoding')
    response.removeHeader('connection')
  } else if (request.httpVersionMajor === 1 && mayStayOpen(response)) {
    fields['Connection'] = 'keep-alive'
  }
}

/** Without chunks, as to HTTP/1.0, the end of the connection is the end of the stream. */
function mayStayOpen(response: ServerResponse): boolean {
  return response.shouldKeepAlive && response.useChunkedEncodingByDefault
}

function sendHead(response: NodeResponse, fields: Record<string, string>): void {
  if (isHttp2(response)) {
    response.writeHead(200, fields)
  } else {
    response.writeHead(200, fields)
    response.flushHeaders()
  }
}

/**
 * On HTTP/1 the socket is this stream's own; on HTTP/2 it carries others too. Requests that a test
 * tool injects have a socket that can do nothing.
 */
function tuneSocket(socket: Partial<Socket>): void {
  socket.setNoDelay?.(true)
  socket.setTimeout?.(0)
}

function presentHeader(response: NodeResponse, name: string): string | undefined {
  const value = response.getHeader(name)
  if (value === undefined) return undefined
  return Array.isArray(value) ? value.join(', ') : String(value)
}
