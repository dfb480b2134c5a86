import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { http1Closing } from './closing.ts'
import type { Framing, Protocol, Transport, TransportListener } from './transport.ts'

const EMPTY = Buffer.alloc(0)
const CARRIER = Symbol('heartline.http1')

type Carried = ServerResponse & { [CARRIER]?: Http1Transport }

/**
 * Writes to the socket of an HTTP/1 response whose head was flushed: whole chunks when the
 * response is chunked, plain bytes when the close of the connection ends it. Saves the chunk
 * framing `res.write` does again for every reader.
 */
export class Http1Transport implements Transport {
  readonly framing: Framing
  readonly protocol: Protocol
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly over = false

  readonly #response: ServerResponse
  readonly #socket: Socket
  #listener: TransportListener | undefined = undefined
  /** Made when it blocks for the first time: most sessions never need it. */
  #onTaken: (() => void) | undefined = undefined
  #corked = true

  /** The maker has corked the socket: the first write lets the head and itself go, in one packet. */
  constructor(response: ServerResponse, socket: Socket, protocol: Protocol) {
    this.framing = response.chunkedEncoding ? 'chunked' : 'raw'
    this.protocol = protocol
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

  listen(listener: TransportListener): void {
    this.#listener = listener
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket
    // After the end of the response these bytes would be read as part of the next one.
    if (this.#response.writableEnded || !socket.writable) return false
    socket.write(bytes)
    if (this.#corked) this.#uncork()
    if (socket.writableLength === 0) return true
    this.#watch()
    return false
  }

  end(): void {
    if (!this.#response.writableEnded) this.#response.end()
  }

  /** The socket may serve the next request already when the response is done: not ours to cut. */
  destroy(): void {
    if (!this.#response.writableFinished) this.#response.destroy()
  }

  closed(): void {
    const listener = this.#listener
    this.#listener = undefined
    const { cause, error } = http1Closing(this.#response, this.#socket)
    listener?.onTransportClosed(cause, error)
  }

  #uncork(): void {
    this.#corked = false
    this.#socket.uncork()
  }

  /** `drain` is not emitted for small writes: an empty write behind the others reports the time. */
  #watch(): void {
    this.#onTaken ??= () => {
      if (this.#socket.writable) this.#listener?.onWritable()
    }
    this.#socket.write(EMPTY, this.#onTaken)
  }
}

function onResponseClose(this: Carried): void {
  this[CARRIER]?.closed()
}
