import { Buffer } from 'node:buffer'
import type { Server, Socket } from 'node:net'
import { HeartlineError } from '@heartline/wire'
import { connectionOf, giveHandle, takeHandle, type HandleReader } from './bare-handle.ts'
import { brokenBy, refusedWith, type Closing } from './closing.ts'
import { sessionErrors } from './errors.ts'
import { TAKEN, writeToHandle, type HandleOwner, type StreamHandle } from './handle.ts'
import type { Framing, Protocol, Transport, TransportListener, WriteSeam } from './transport.ts'

const EMPTY = Buffer.alloc(0)
/** Ends a chunked body (RFC 9112, 7.1). */
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
const NOT_ENDED = Object.freeze({ endEmitted: false })
const FINISHED: Closing = Object.freeze({ cause: 'finished' })
const CARRIER = Symbol('heartline.socket')

type Carried = Socket & { [CARRIER]?: SocketTransport | undefined }

/** What can be cut: a socket, or what stands in for one. */
export interface Cuttable {
  destroy(): void
}

/** Told what to hold instead, by whoever holds connections to cut them some day. */
export interface ConnectionKeeper {
  replace(old: Cuttable, by: Cuttable): void
}

/** Takes a connection back that can carry another request. */
export type FreeSocket = (socket: Socket) => void

/** How a `SocketTransport` begins and ends. */
export interface SocketTerms {
  /** Sent in front of the first bytes. Undefined: the stream has begun already. */
  readonly head: string | undefined
  /** `raw`: the end of the connection is the end of the stream. Default `chunked`. */
  readonly framing?: Framing | undefined
  /** Where bytes go, past the socket's own queue. Undefined: through `socket.write`. */
  readonly handle: StreamHandle | undefined
  /** Default: the connection is ended with the stream. */
  readonly onFree?: FreeSocket | undefined
  /** With it, and a handle, the stream does without the socket until it ends. */
  readonly keeper?: ConnectionKeeper | undefined
}

/**
 * Writes whole chunks to a connection that no HTTP server looks after. The head leaves with the
 * first bytes, in one write.
 *
 * While it streams it may *shed* its socket: two thirds of the memory of an idle connection are
 * the socket's streams and listeners. It is the owner of the native handle then, and makes a new
 * socket when there is more to do than to write.
 */
export class SocketTransport implements Transport, HandleOwner, HandleReader {
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly localPort: number | undefined
  readonly framing: Framing

  readonly #handle: StreamHandle | undefined
  readonly #fd: number | undefined
  readonly #onFree: FreeSocket | undefined
  readonly #keeper: ConnectionKeeper | undefined
  /** Undefined while it is shed. */
  #socket: Carried | undefined
  #server: Server | null = null
  #head: string | undefined
  /** Why the handle refused a write: the close that follows does not say it. */
  #refused: Closing | undefined = undefined
  /** Undefined when it was told the end: the connection is no concern of this stream any more. */
  #listener: TransportListener | undefined = undefined
  #ended = false

  constructor(socket: Socket, terms: SocketTerms) {
    const { remoteAddress, remotePort, localPort } = connectionOf(socket)
    this.remoteAddress = remoteAddress
    this.remotePort = remotePort
    this.localPort = localPort
    this.framing = terms.framing ?? 'chunked'
    this.#handle = terms.handle
    this.#fd = terms.handle?.fd
    this.#onFree = terms.onFree
    this.#keeper = terms.keeper
    this.#socket = socket
    this.#head = terms.head
    socket.setNoDelay(true)
    socket.setTimeout(0)
    this.#attend(socket)
    socket.resume()
  }

  get protocol(): Protocol {
    return 'http/1.1'
  }

  get over(): boolean {
    return false
  }

  get seam(): WriteSeam {
    return this.#handle === undefined ? 'socket' : 'handle'
  }

  get fd(): number | undefined {
    const isOurs = this.#head === undefined && !this.#ended && this.#listener !== undefined
    // A socket that is destroyed has closed its descriptor before it says so.
    return isOurs && this.#socket?.destroyed !== true ? this.#fd : undefined
  }

  get isGone(): boolean {
    return this.#listener === undefined || this.#socket?.writable === false
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
  }

  write(bytes: Uint8Array): boolean {
    return this.#head === undefined ? this.#put(bytes) : this.#begin(this.#head, bytes)
  }

  end(): void {
    if (this.#ended || this.#listener === undefined) return
    this.#ended = true
    if (this.#put(this.framing === 'raw' ? EMPTY : LAST_CHUNK)) this.#finish()
  }

  /** @param error Given by the handle: reading from the connection failed. */
  destroy(error?: Error): void {
    if (this.#listener === undefined) return
    if (error !== undefined) this.#tell(brokenBy(error))
    this.#whole().destroy()
  }

  /** Called by the handle while the socket is shed: what a reader sends, null for its end. */
  push(bytes: Uint8Array | null): boolean {
    if (bytes === null) this.left()
    else this.refuse()
    return true
  }

  /** Called by the handle after the end. */
  read(): void {}

  /** Asked by the handle. */
  get destroyed(): boolean {
    return this.#listener === undefined
  }

  /** Asked by the handle: the end is always news. */
  get _readableState(): { readonly endEmitted: boolean } {
    return NOT_ENDED
  }

  /** The kernel took the rest of what it had not taken from the handle at once. */
  completed(status: number): void {
    if (status === 0) this.#taken()
    else this.#fail(status)
  }

  /** A request behind a stream that has no end of its own would wait for ever. */
  refuse(): void {
    const error = new HeartlineError(sessionErrors.requestBehind)
    this.#leave({ cause: 'error', error })
  }

  /** The reader sends nothing more: it has left. */
  left(): void {
    this.#leave({ cause: 'disconnected' })
  }

  /** The socket has closed. */
  closed(): void {
    this.#tell(this.#refused ?? brokenBy(this.#socket?.errored))
  }

  #begin(head: string, bytes: Uint8Array): boolean {
    this.#head = undefined
    const all = Buffer.allocUnsafe(head.length + bytes.length)
    all.write(head, 'latin1')
    all.set(bytes, head.length)
    const isTaken = this.#put(all)
    if (isTaken) this.shed()
    return isTaken
  }

  #put(bytes: Uint8Array): boolean {
    const handle = this.#handle
    if (handle === undefined) return this.#putThroughStream(bytes)
    const outcome = writeToHandle(handle, bytes, this)
    if (outcome < TAKEN) this.#fail(outcome)
    return outcome === TAKEN
  }

  #putThroughStream(bytes: Uint8Array): boolean {
    const socket = this.#whole()
    if (!socket.writable) return false
    socket.write(bytes)
    if (socket.writableLength === 0) return true
    // `drain` is not emitted for small writes: an empty write behind the others reports the time.
    socket.write(EMPTY, () => this.#taken())
    return false
  }

  #taken(): void {
    if (this.#listener === undefined || this.#socket?.writable === false) return
    if (this.#ended) this.#finish()
    else this.#listener.onWritable()
  }

  /** The close of the socket, which comes in a later turn, tells the session. */
  #fail(status: number): void {
    if (this.#listener === undefined || this.#socket?.destroyed === true) return
    this.#refused = refusedWith(status)
    this.#whole().destroy()
  }

  #leave(closing: Closing): void {
    if (this.#listener === undefined) return
    this.#tell(closing)
    this.#whole().destroy()
  }

  /** Everything is with the kernel: the connection is free, or it goes. */
  #finish(): void {
    const socket = this.#whole()
    if (this.#onFree === undefined) {
      this.#tell(FINISHED)
      socket.destroySoon()
      return
    }
    this.#unattend(socket)
    this.#tell(FINISHED)
    this.#onFree(socket)
  }

  /** Does without the socket from now on, with a keeper and a handle, when nothing waits. */
  shed(): void {
    const socket = this.#socket
    if (this.#keeper === undefined || this.#handle === undefined || socket === undefined) return
    const shed = takeHandle(socket, this)
    if (shed === undefined) return
    this.#unattend(socket)
    this.#server = shed.server
    this.#socket = undefined
    this.#keeper.replace(socket, this)
  }

  /** The socket, or a new one for the handle that lost its own. */
  #whole(): Carried {
    const handle = this.#handle
    if (this.#socket === undefined && handle !== undefined) {
      this.#socket = giveHandle(handle, this.#server)
      this.#attend(this.#socket)
      this.#keeper?.replace(this, this.#socket)
    }
    return this.#socket as Carried
  }

  #attend(socket: Carried): void {
    socket[CARRIER] = this
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
  }

  #unattend(socket: Carried): void {
    socket[CARRIER] = undefined
    socket.off('data', onData)
    socket.off('end', onEnd)
    socket.off('error', onError)
    socket.off('close', onClose)
  }

  #tell({ cause, error }: Closing): void {
    const listener = this.#listener
    this.#listener = undefined
    listener?.onTransportClosed(cause, error)
  }
}

// One function for all connections: a closure for each would be most of what one costs.

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
