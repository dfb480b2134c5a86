import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { HeartlineError } from '@heartline/wire'
import { brokenBy } from './closing.ts'
import { sessionErrors } from './errors.ts'
import type { CloseCause, Transport, TransportListener } from './transport.ts'

const EMPTY = Buffer.alloc(0)
/** Ends a chunked body (RFC 9112, 7.1). */
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
const CARRIER = Symbol('heartline.socket')

type Carried = Socket & { [CARRIER]?: SocketTransport | undefined }

/** Takes a connection back that can carry another request. */
export type FreeSocket = (socket: Socket) => void

/**
 * Writes whole chunks to a connection that no HTTP server looks after. The head leaves with the
 * first bytes, in one write.
 */
export class SocketTransport implements Transport {
  readonly framing = 'chunked'
  readonly protocol = 'http/1.1'
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly localPort: number | undefined
  readonly over = false

  readonly #socket: Carried
  readonly #onFree: FreeSocket | undefined
  #head: string | undefined
  #listener: TransportListener | undefined = undefined
  /** Made when it blocks for the first time: most sessions never need it. */
  #onTaken: (() => void) | undefined = undefined
  #ended = false

  constructor(socket: Socket, head: string, onFree: FreeSocket | undefined) {
    this.remoteAddress = socket.remoteAddress
    this.remotePort = socket.remotePort
    this.localPort = socket.localPort
    this.#socket = socket
    this.#head = head
    this.#onFree = onFree
    this.#socket[CARRIER] = this
    socket.setNoDelay(true)
    socket.setTimeout(0)
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
    socket.resume()
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket
    if (!socket.writable) return false
    socket.write(this.#head === undefined ? bytes : this.#withHead(this.#head, bytes))
    if (socket.writableLength === 0) return true
    this.#watch()
    return false
  }

  end(): void {
    const socket = this.#socket
    if (this.#ended || !socket.writable) return
    this.#ended = true
    socket.write(LAST_CHUNK)
    if (socket.writableLength === 0) this.#finish()
    else this.#watch()
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
    const { cause, error } = brokenBy(this.#socket.errored)
    this.#tell(cause, error)
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
