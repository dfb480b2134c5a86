import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { HeartlineError } from '@heartline/wire'
import { brokenBy, refusedWith, type Closing } from './closing.ts'
import { sessionErrors } from './errors.ts'
import { TAKEN, writeToHandle, type HandleOwner, type StreamHandle } from './handle.ts'
import type { CloseCause, Transport, TransportListener, WriteSeam } from './transport.ts'

const EMPTY = Buffer.alloc(0)
/** Ends a chunked body (RFC 9112, 7.1). */
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
const CARRIER = Symbol('heartline.socket')

type Carried = Socket & { [CARRIER]?: SocketTransport | undefined }

/** How a `SocketTransport` begins and ends. */
export interface SocketTerms {
  /** Sent in front of the first bytes. */
  readonly head: string
  /** Where bytes go, past the socket's own queue. Undefined: through `socket.write`. */
  readonly handle: StreamHandle | undefined
  /** Default: the connection is ended with the stream. */
  readonly onFree?: FreeSocket | undefined
}

/** Takes a connection back that can carry another request. */
export type FreeSocket = (socket: Socket) => void

/**
 * Writes whole chunks to a connection that no HTTP server looks after. The head leaves with the
 * first bytes, in one write.
 */
export class SocketTransport implements Transport, HandleOwner {
  readonly framing = 'chunked'
  readonly protocol = 'http/1.1'
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly localPort: number | undefined
  readonly over = false

  readonly #socket: Carried
  readonly #handle: StreamHandle | undefined
  readonly #onFree: FreeSocket | undefined
  #head: string | undefined
  /** Why the handle refused a write: the close that follows does not say it. */
  #refused: Closing | undefined = undefined
  #listener: TransportListener | undefined = undefined
  /** Made when it blocks for the first time: most sessions never need it. */
  #onTaken: (() => void) | undefined = undefined
  #ended = false

  constructor(socket: Socket, terms: SocketTerms) {
    this.remoteAddress = socket.remoteAddress
    this.remotePort = socket.remotePort
    this.localPort = socket.localPort
    this.#socket = socket
    this.#handle = terms.handle
    this.#head = terms.head
    this.#onFree = terms.onFree
    this.#socket[CARRIER] = this
    socket.setNoDelay(true)
    socket.setTimeout(0)
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.resume()
  }

  get seam(): WriteSeam {
    return this.#handle === undefined ? 'socket' : 'handle'
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
  }

  write(bytes: Uint8Array): boolean {
    return this.#put(this.#head === undefined ? bytes : this.#withHead(this.#head, bytes))
  }

  end(): void {
    if (this.#ended || !this.#socket.writable) return
    this.#ended = true
    if (this.#put(LAST_CHUNK)) this.#finish()
  }

  destroy(): void {
    if (this.#listener !== undefined) this.#socket.destroy()
  }

  /** `drain` is not emitted for small writes: an empty write behind the others reports the time. */
  #watch(): void {
    this.#onTaken ??= () => this.#taken()
    this.#socket.write(EMPTY, this.#onTaken)
  }

  #taken(): void {
    if (!this.#socket.writable) return
    if (this.#ended) this.#finish()
    else this.#listener?.onWritable()
  }

  /** The kernel took the rest of what it had not taken from the handle at once. */
  completed(status: number): void {
    if (status === 0) this.#taken()
    else this.#fail(status)
  }

  /** A request behind a stream that has no end of its own would wait for ever. */
  refuse(): void {
    const error = new HeartlineError(sessionErrors.requestBehind)
    this.#tell('error', error)
    this.#socket.destroy()
  }

  left(): void {
    this.#tell('disconnected')
    this.#socket.destroy()
  }

  closed(): void {
    const { cause, error } = this.#refused ?? brokenBy(this.#socket.errored)
    this.#tell(cause, error)
  }

  #put(bytes: Uint8Array): boolean {
    const handle = this.#handle
    if (handle === undefined) return this.#putThroughStream(bytes)
    const outcome = writeToHandle(handle, bytes, this)
    if (outcome < TAKEN) this.#fail(outcome)
    return outcome === TAKEN
  }

  #putThroughStream(bytes: Uint8Array): boolean {
    const socket = this.#socket
    if (!socket.writable) return false
    socket.write(bytes)
    if (socket.writableLength === 0) return true
    this.#watch()
    return false
  }

  /** The close of the socket, which comes in a later turn, tells the session. */
  #fail(status: number): void {
    if (this.#socket.destroyed) return
    this.#refused = refusedWith(status)
    this.#socket.destroy()
  }

  #withHead(head: string, bytes: Uint8Array): Buffer {
    this.#head = undefined
    const all = Buffer.allocUnsafe(head.length + bytes.length)
    all.write(head, 'latin1')
    all.set(bytes, head.length)
    return all
  }

  /** Everything is with the kernel: the connection is free, or it goes. */
  #finish(): void {
    const socket = this.#socket
    if (this.#onFree === undefined) {
      this.#tell('finished')
      socket.destroySoon()
      return
    }
    socket.off('data', onData)
    socket.off('end', onEnd)
    socket.off('error', onError)
    socket.off('close', onClose)
    socket[CARRIER] = undefined
    this.#tell('finished')
    this.#onFree(socket)
  }

  #tell(cause: CloseCause, error?: unknown): void {
    const listener = this.#listener
    this.#listener = undefined
    listener?.onTransportClosed(cause, error)
  }
}

function onData(this: Carried): void {
  this[CARRIER]?.refuse()
}

function onEnd(this: Carried): void {
  this[CARRIER]?.left()
}

/** The close that follows says the same. */
function onError(): void {}

function onClose(this: Carried): void {
  this[CARRIER]?.closed()
}
