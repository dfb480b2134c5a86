import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { http1Closing, refusedWith, type Closing } from './closing.ts'
import { TAKEN, writeToHandle, type HandleOwner, type StreamHandle } from './handle.ts'
import type { Framing, Protocol, Transport, TransportListener, WriteSeam } from './transport.ts'

const EMPTY = Buffer.alloc(0)
const CARRIER = Symbol('heartline.http1')

type Carried = ServerResponse & { [CARRIER]?: Http1Transport | undefined }

export interface Http1Terms {
  readonly protocol: Protocol
  /** Where bytes go, past the socket's own queue. Undefined: through `socket.write`. */
  readonly handle: StreamHandle | undefined
}

/**
 * Writes to the socket of an HTTP/1 response whose head was flushed: whole chunks when the
 * response is chunked, plain bytes when the close of the connection ends it. Saves the chunk
 * framing `res.write` does again for every reader. With a handle it goes past the socket's own
 * queue, too, as long as nobody else has put something there.
 */
export class Http1Transport implements Transport, HandleOwner {
  readonly framing: Framing
  readonly protocol: Protocol
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly over = false

  readonly #response: ServerResponse
  readonly #socket: Socket
  readonly #handle: StreamHandle | undefined
  /** Why the handle refused a write: the close that follows does not say it. */
  #refused: Closing | undefined = undefined
  #listener: TransportListener | undefined = undefined
  /** Made when it blocks for the first time: most sessions never need it. */
  #onTaken: (() => void) | undefined = undefined
  #corked = true
  #isBlocked = false

  /** The maker has corked the socket: the first write lets the head and itself go, in one packet. */
  constructor(response: ServerResponse, socket: Socket, terms: Http1Terms) {
    this.framing = response.chunkedEncoding ? 'chunked' : 'raw'
    this.protocol = terms.protocol
    this.#handle = terms.handle
    this.remoteAddress = socket.remoteAddress
    this.remotePort = socket.remotePort
    this.#response = response
    this.#socket = socket
    const carried: Carried = response
    carried[CARRIER] = this
    response.on('close', onResponseClose)
  }

  get localPort(): number | undefined {
    return this.#socket.localPort
  }

  get seam(): WriteSeam {
    return this.#handle === undefined ? 'socket' : 'handle'
  }

  /** A batch knows nothing of the response, which somebody else may end. */
  get fd(): undefined {
    return undefined
  }

  get isGone(): boolean {
    return this.#response.writableEnded || !this.#socket.writable
  }

  /** True when everything that was written is with the kernel. */
  get isIdle(): boolean {
    return !this.#corked && !this.#isBlocked && this.#socket.writableLength === 0
  }

  /** The response is no concern of this transport any more, nor are the next writes. */
  leave(): void {
    const carried: Carried = this.#response
    carried[CARRIER] = undefined
    carried.off('close', onResponseClose)
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
  }

  write(bytes: Uint8Array): boolean {
    const isTaken = this.#put(bytes)
    this.#isBlocked = !isTaken
    return isTaken
  }

  #put(bytes: Uint8Array): boolean {
    const socket = this.#socket
    // After the end of the response these bytes would be read as part of the next one.
    if (this.isGone) return false
    const handle = this.#handle
    if (handle === undefined || this.#corked || socket.writableLength > 0) {
      return this.#writeThroughStream(bytes)
    }
    const outcome = writeToHandle(handle, bytes, this)
    if (outcome < TAKEN) this.#fail(outcome)
    return outcome === TAKEN
  }

  end(): void {
    if (!this.#response.writableEnded) this.#response.end()
  }

  /** The socket may serve the next request already when the response is done: not ours to cut. */
  destroy(): void {
    if (!this.#response.writableFinished) this.#response.destroy()
  }

  /** The kernel took the rest of what it had not taken from the handle at once. */
  completed(status: number): void {
    if (status === 0) this.#taken()
    else this.#fail(status)
  }

  closed(): void {
    const listener = this.#listener
    this.#listener = undefined
    const { cause, error } = this.#closing()
    listener?.onTransportClosed(cause, error)
  }

  #closing(): Closing {
    const closing = http1Closing(this.#response, this.#socket)
    return closing.cause === 'finished' ? closing : (this.#refused ?? closing)
  }

  #writeThroughStream(bytes: Uint8Array): boolean {
    const socket = this.#socket
    socket.write(bytes)
    if (this.#corked) this.#uncork()
    if (socket.writableLength === 0) return true
    this.#watch()
    return false
  }

  #uncork(): void {
    this.#corked = false
    this.#socket.uncork()
  }

  /** `drain` is not emitted for small writes: an empty write behind the others reports the time. */
  #watch(): void {
    this.#onTaken ??= () => this.#taken()
    this.#socket.write(EMPTY, this.#onTaken)
  }

  #taken(): void {
    this.#isBlocked = false
    if (this.#socket.writable) this.#listener?.onWritable()
  }

  /** The close of the response, which comes in a later turn, tells the session. */
  #fail(status: number): void {
    if (this.#socket.destroyed) return
    this.#refused = refusedWith(status)
    this.#socket.destroy()
  }
}

function onResponseClose(this: Carried): void {
  this[CARRIER]?.closed()
}
