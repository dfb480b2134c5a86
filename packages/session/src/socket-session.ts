import type { Socket } from 'node:net'
import { ClosedTransport } from './closed-transport.ts'
import { plainHandleOf } from './handle.ts'
import { headFields } from './head.ts'
import { resolveSessionOptions, type SessionOptions } from './options.ts'
import { startTest } from './seam-test.ts'
import { allowedSeam, maySpareSocket } from './seam.ts'
import { Session } from './session.ts'
import { streamHead } from './socket-head.ts'
import { SocketTransport, type ConnectionKeeper, type FreeSocket } from './socket-transport.ts'

export interface SocketSessionOptions extends SessionOptions {
  /**
   * Gets the connection back, without listeners, when the stream has ended in good order and it
   * can carry another request. Default: the connection is ended then.
   */
  onFree?: FreeSocket | undefined
  /**
   * Given, the session may do without the socket while it streams, which saves most of the memory
   * of an idle connection. The socket is a dead shell then: who holds it to cut it some day is
   * told here to hold something else, and told again when a new socket takes its place (`onFree`
   * brings that one). Default: the socket stays.
   */
  keeper?: ConnectionKeeper | undefined
}

/**
 * Opens a session on a plain TCP connection whose request, an HTTP/1.1 GET without a body, was
 * read by the caller: head and first bytes leave in one write. Authorize before.
 *
 * The socket is the session's own from here on and must have no listeners of others. The session
 * ends with `disconnected` when the reader leaves, or has left already, and with `error` when it
 * sends another request, which could never be answered.
 *
 * Throws `HL_OPTION_INVALID`; the socket is untouched then.
 */
export function createSocketSession(socket: Socket, options: SocketSessionOptions = {}): Session {
  const resolved = resolveSessionOptions(options)
  const fields = headFields(resolved)
  if (!socket.writable || !socket.readable) {
    return new Session(new ClosedTransport('http/1.1', socket.remoteAddress), resolved)
  }
  const { onFree } = options
  const connection = onFree === undefined ? 'close' : 'keep-alive'
  const head = streamHead(fields, connection, resolved.wheel.unixNow())
  void startTest()
  const handle = allowedSeam() === 'handle' ? plainHandleOf(socket) : undefined
  const keeper = maySpareSocket() ? options.keeper : undefined
  return new Session(new SocketTransport(socket, { head, handle, onFree, keeper }), resolved)
}
