import { constants, type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2'
import { http2Closing } from './closing.ts'
import type { Framing, Transport, TransportListener } from './transport.ts'

const CARRIER = Symbol('heartline.http2')

type Carried = ServerHttp2Stream & { [CARRIER]?: Http2Transport }

/** Writes to an HTTP/2 stream whose head was sent. */
export class Http2Transport implements Transport {
  readonly framing: Framing = 'raw'
  readonly seam = 'http2'
  readonly protocol = 'h2'
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly over = false

  readonly #response: Http2ServerResponse
  readonly #stream: ServerHttp2Stream
  #listener: TransportListener | undefined = undefined

  constructor(response: Http2ServerResponse) {
    const { stream } = response
    const socket = stream.session?.socket
    this.remoteAddress = socket?.remoteAddress
    this.remotePort = socket?.remotePort
    this.#response = response
    this.#stream = stream
    const carried: Carried = stream
    carried[CARRIER] = this
    stream.on('drain', onStreamDrain)
    stream.on('close', onStreamClose)
  }

  get localPort(): number | undefined {
    return this.#stream.session?.socket.localPort
  }

  get isGone(): boolean {
    return this.#stream.destroyed || this.#stream.writableEnded
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
  }

  write(bytes: Uint8Array): boolean {
    return !this.isGone && this.#stream.write(bytes)
  }

  end(): void {
    if (!this.#stream.destroyed) this.#response.end()
  }

  destroy(): void {
    if (!this.#stream.destroyed) this.#stream.close(constants.NGHTTP2_CANCEL)
  }

  /** A connection that is left open would go on for as long as the kernel tries. */
  sever(): void {
    const { session } = this.#stream
    if (session === undefined) this.destroy()
    else session.destroy()
  }

  drained(): void {
    if (!this.isGone) this.#listener?.onWritable()
  }

  closed(): void {
    const listener = this.#listener
    this.#listener = undefined
    const { cause, error } = http2Closing(this.#stream)
    listener?.onTransportClosed(cause, error)
  }
}

function onStreamDrain(this: Carried): void {
  this[CARRIER]?.drained()
}

function onStreamClose(this: Carried): void {
  this[CARRIER]?.closed()
}
