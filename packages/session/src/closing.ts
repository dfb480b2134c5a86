import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { HeartlineError } from '@heartline/wire'
import { sessionErrors } from './errors.ts'
import type { CloseCause } from './transport.ts'

/** How a stream came to its end. */
export interface Closing {
  readonly cause: CloseCause
  readonly error?: unknown
}

/**
 * How a peer that simply leaves looks from here. The last two: a FIN inside a request body, and a
 * write that waited while this side closed the connection (Node.js 24).
 */
const LEFT = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'HPE_INVALID_EOF_STATE', 'ECANCELED'])

/** The end of an HTTP/1 response that has closed. */
export function http1Closing(response: ServerResponse, socket: Socket): Closing {
  return response.writableFinished ? { cause: 'finished' } : brokenBy(socket.errored)
}

/** The end of an HTTP/2 stream that has closed. */
export function http2Closing(stream: ServerHttp2Stream): Closing {
  const inOrder = stream.writableFinished && !stream.aborted
  return inOrder ? { cause: 'finished' } : brokenBy(stream.errored)
}

/** The end of a connection that closed without being asked to. */
export function brokenBy(error: Error | null | undefined): Closing {
  if (error === null || error === undefined) return { cause: 'disconnected' }
  const { code } = error as NodeJS.ErrnoException
  const left = code !== undefined && LEFT.has(code)
  return { cause: left ? 'disconnected' : 'error', error }
}

/** The end of a connection whose handle refused a write with an error number of the system. */
export function refusedWith(status: number): Closing {
  const code = getSystemErrorName(status)
  // A handle that is being closed refuses with these; who closes it says why.
  if (LEFT.has(code) || code === 'EINVAL' || code === 'EBADF') {
    return { cause: 'disconnected' }
  }
  return { cause: 'error', error: new HeartlineError(sessionErrors.writeFailed, { code }) }
}
