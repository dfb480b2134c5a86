import { channel } from 'node:diagnostics_channel'
import { IncomingMessage, ServerResponse, type Server } from 'node:http'
import { Socket } from 'node:net'
import { isReadByOthers, type HttpSocket } from './http-connection.ts'

/** A stream on node:http: what may be let go of. */
export interface HttpParts {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly socket: HttpSocket
  readonly server: Server
}

/** Tracers that want to be told when a response is finished. */
const FINISHED = channel('http.server.response.finish')
const RESPONSE_METHODS = ['write', 'end', 'destroy', 'emit', 'on', 'addListener'] as const
const REQUEST_METHODS = ['destroy', 'emit', 'on', 'addListener', 'read'] as const

/** Whether nothing but this response is under way between node:http and a plain connection. */
export function isSole(parts: HttpParts): boolean {
  const { request, response, socket, server } = parts
  const { parser } = socket
  return (
    isPlainSocket(socket) &&
    parser?.incoming === request &&
    parser.socket === socket &&
    socket._httpMessage === response &&
    response.req === request &&
    // Its body has been read from the connection, and it is no other protocol.
    request.complete &&
    !(request as { upgrade?: boolean }).upgrade &&
    isStreaming(response) &&
    // There a client may send its end and still read.
    (server as { httpAllowHalfOpen?: boolean }).httpAllowHalfOpen !== true
  )
}

/** Reads and writes at once, with nothing in between: neither a layer nor bytes that wait. */
function isPlainSocket(socket: HttpSocket): boolean {
  return (
    Object.getPrototypeOf(socket) === Socket.prototype &&
    socket.write === Socket.prototype.write &&
    socket.readable &&
    socket.writable &&
    socket._paused === false &&
    socket.readableLength === 0 &&
    socket.writableLength === 0 &&
    !isReadByOthers(socket)
  )
}

function isStreaming(response: ServerResponse): boolean {
  return (
    response.headersSent &&
    !response.writableEnded &&
    !response.destroyed &&
    response.writableCorked === 0 &&
    response.writableLength === 0
  )
}

/**
 * Whether nobody relies on the request and the response of a stream that is its own: no listener
 * but node:http's and this package's, no method that was replaced, no tracer.
 */
export function isUnwatched({ request, response }: HttpParts): boolean {
  return (
    request.eventNames().length === 0 &&
    request.readableLength === 0 &&
    response.eventNames().length === 2 &&
    response.listenerCount('finish') === 1 &&
    response.listenerCount('close') === 1 &&
    REQUEST_METHODS.every((name) => request[name] === IncomingMessage.prototype[name]) &&
    RESPONSE_METHODS.every((name) => response[name] === ServerResponse.prototype[name]) &&
    !FINISHED.hasSubscribers &&
    !isMeasured(response)
  )
}

/** A performance observer or a trace log waits for its end. */
function isMeasured(response: ServerResponse & { _traceEventId?: unknown }): boolean {
  return (
    typeof response._traceEventId === 'number' ||
    Object.getOwnPropertySymbols(response).some(
      ({ description }) => description === 'ServerResponseStatistics',
    )
  )
}
