import type { IncomingMessage, ServerResponse } from 'node:http'
import { HeartlineError } from '@heartline/wire'
import { sessionErrors } from './errors.ts'
import type { CloseCause } from './transport.ts'

const STREAM = Symbol('heartline.released')
const RESPONSE = Symbol('heartline.response')

/** The stream that goes on without its response. */
export interface ReleasedStream {
  /** Somebody ended the response. */
  endFromOutside(): void
  /** Somebody destroyed the response. */
  destroy(): void
  /** Somebody wants to be told something by the response or the request. */
  hold(response: ServerResponse): void
}

type Released = ServerResponse & { [STREAM]: ReleasedStream; _closed: boolean; finished: boolean }
type Callback = (error?: Error | null) => void

/**
 * Makes a response, which has no connection any more, stand for the stream: who still has it in its
 * hands ends or cuts that as before. Writing to it does nothing.
 */
export function standFor(response: ServerResponse, stream: ReleasedStream): void {
  response.removeAllListeners('finish')
  Object.assign(response, { [STREAM]: stream, write: writeNothing, end: endStream, destroy: cut })
}

/** Lets the stream know when somebody begins to listen to its response or request. */
export function awaitListeners(request: IncomingMessage, response: ServerResponse): void {
  response.on('newListener', onListener)
  // Who has the request can be told as long as there is the response.
  Object.assign(request, { [RESPONSE]: response })
  request.on('newListener', onListener)
}

/** Tells those who listen, as node:http would have done. */
export function tellEnd(response: ServerResponse, cause: CloseCause): void {
  const released = response as Released
  const { req: request } = response
  if (cause === 'finished') {
    request.resume()
    released.finished = true
    // Some versions only say so of a response that they have sent themselves.
    Object.defineProperty(response, 'writableFinished', { value: true })
    response.emit('finish')
  } else {
    // An error would only be told to those who listen to errors; node:http says the same.
    request.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
  }
  response.destroyed = true
  released._closed = true
  response.emit('close')
}

// One function for all responses.

function onListener(this: ServerResponse | IncomingMessage): void {
  const response = RESPONSE in this ? this[RESPONSE] : this
  const released = response as Released
  released[STREAM].hold(released)
}

function writeNothing(this: Released, ...args: unknown[]): boolean {
  const done = callbackOf(args)
  if (done !== undefined) {
    process.nextTick(done, new HeartlineError(sessionErrors.responseReleased))
  }
  return false
}

function endStream(this: Released, ...args: unknown[]): Released {
  this.finished = true
  this[STREAM].endFromOutside()
  const done = callbackOf(args)
  if (done !== undefined) process.nextTick(done)
  return this
}

function cut(this: Released): Released {
  this.destroyed = true
  this[STREAM].destroy()
  return this
}

function callbackOf(args: unknown[]): Callback | undefined {
  return args.find((arg): arg is Callback => typeof arg === 'function')
}
