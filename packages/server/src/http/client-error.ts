import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { toProblem } from '@heartline/hub'
import { HeartlineError, type ErrorEntry } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import { problemHeaders } from './problem.ts'

interface ParserError extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
}

const LINGER_MS = 1000
const answered = new WeakSet<Socket>()

/** Answers what is no HTTP request (or too large a one) with a problem document and hangs up. */
export function answerClientError(error: ParserError, socket: Socket): void {
  if (answered.has(socket)) return
  answered.add(socket)
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  // An answer in the middle of another one would be taken for its content.
  if (hasOpenResponse(socket)) {
    socket.destroy()
    return
  }
  socket.end(toMessage(entryFor(error)))
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

function entryFor(error: ParserError): ErrorEntry {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return serverErrors.requestTimeout
  if (error.code !== 'HPE_HEADER_OVERFLOW') return serverErrors.requestMalformed
  const isRequestLine = error.rawPacket?.includes('\r\n') === false
  return isRequestLine ? serverErrors.urlTooLong : serverErrors.headersTooLarge
}

function toMessage(entry: ErrorEntry): string {
  const problem = toProblem(new HeartlineError(entry))
  const body = JSON.stringify(problem)
  const head = {
    ...problemHeaders(problem, Math.random),
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${body}`
}

/** `_httpMessage` is the response that node:http is writing to this socket. */
function hasOpenResponse(socket: Socket): boolean {
  const { _httpMessage: message } = socket as Socket & {
    _httpMessage?: { headersSent: boolean } | null
  }
  return message?.headersSent === true
}
