import type { ServerResponse } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { http1Closing, http2Closing, type Closing } from './closing.ts'
import { isHttp2, type NodeResponse } from './node-response.ts'
import type { Framing, Protocol, Transport, TransportListener } from './transport.ts'

/** What a middleware may have added to a response. */
type Flushable = NodeResponse & {
  /** Added by compression layers, which otherwise hold events back. */
  flush?: () => void
}

/**
 * Writes through `res.write`, whatever a middleware made of it. Never relies on the callback of
 * `write`: compression drops it.
 */
export class ResponseTransport implements Transport {
  readonly framing: Framing = 'raw'
  readonly seam = 'response'
  readonly protocol: Protocol
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly over = false

  readonly #response: Flushable
  readonly #carrier: Carrier
  #listener: TransportListener | undefined = undefined
  #blocked = false

  constructor(response: NodeResponse, protocol: Protocol, socket: Socket) {
    this.protocol = protocol
    this.remoteAddress = socket.remoteAddress
    this.remotePort = socket.remotePort
    this.#response = response
    this.#carrier = toCarrier(response, socket)
    // Registered once and for good: compression moves listeners of `drain` to a stream of its own
    // from which `removeListener` does not take them again.
    response.on('drain', () => this.#drained())
    response.on('close', () => this.#tell(this.#carrier.closing()))
    response.on('error', (error: unknown) => this.#tell({ cause: 'error', error }))
  }

  get localPort(): number | undefined {
    return this.#carrier.localPort()
  }

  get isGone(): boolean {
    return this.#response.writableEnded || this.#carrier.isGone()
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
  }

  write(bytes: Uint8Array): boolean {
    if (this.isGone) return false
    const taken = writeTo(this.#response, bytes)
    this.#response.flush?.()
    this.#blocked = !taken
    return taken
  }

  end(): void {
    if (!this.isGone) this.#response.end()
  }

  destroy(): void {
    this.#carrier.cut()
  }

  sever(): void {
    this.#carrier.sever()
  }

  #drained(): void {
    if (!this.#blocked || this.isGone) return
    this.#blocked = false
    this.#listener?.onWritable()
  }

  #tell(closing: Closing): void {
    const listener = this.#listener
    this.#listener = undefined
    listener?.onTransportClosed(closing.cause, closing.error)
  }
}

/** What differs below the response. */
interface Carrier {
  isGone(): boolean
  cut(): void
  sever(): void
  localPort(): number | undefined
  closing(): Closing
}

function toCarrier(response: NodeResponse, socket: Socket): Carrier {
  return isHttp2(response) ? http2Carrier(response.stream) : http1Carrier(response, socket)
}

function http1Carrier(response: ServerResponse, socket: Socket): Carrier {
  return {
    isGone: () => response.destroyed || socket.destroyed,
    cut: () => void (response.writableFinished || response.destroy()),
    sever: () => void socket.destroy(),
    localPort: () => socket.localPort,
    closing: () => http1Closing(response, socket),
  }
}

function http2Carrier(stream: ServerHttp2Stream): Carrier {
  return {
    isGone: () => stream.destroyed,
    cut: () => void (stream.destroyed || stream.close(constants.NGHTTP2_CANCEL)),
    sever: () => stream.session?.destroy(),
    localPort: () => stream.session?.socket.localPort,
    closing: () => http2Closing(stream),
  }
}

/** The two kinds of response type `write` apart. */
function writeTo(response: NodeResponse, bytes: Uint8Array): boolean {
  return isHttp2(response) ? response.write(bytes) : response.write(bytes)
}
