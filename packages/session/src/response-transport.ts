import { closeCause } from './close-cause.ts'
import { isHttp2, type NodeResponse } from './node-response.ts'
import type { Framing, Protocol, Transport, TransportListener } from './transport.ts'

/** What a response that some middleware has changed must still do. */
export type WritableResponse = NodeResponse & {
  /** Added by compression layers, which otherwise hold events back. */
  flush?: () => void
}

/**
 * Writes through `res.write`, whatever a middleware made of it. Never relies on the callback of
 * `write`: compression drops it.
 */
export class ResponseTransport implements Transport {
  readonly framing: Framing = 'raw'
  readonly protocol: Protocol
  readonly remoteAddress: string | undefined
  readonly over = false

  readonly #response: WritableResponse
  readonly #stream: { readonly destroyed: boolean; readonly errored: Error | null }
  #listener: TransportListener | undefined = undefined
  #blocked = false

  /** `stream` is what is below: the socket, or the HTTP/2 stream. */
  constructor(response: WritableResponse, protocol: Protocol, remoteAddress: string | undefined) {
    this.protocol = protocol
    this.remoteAddress = remoteAddress
    this.#response = response
    const below = isHttp2(response) ? response.stream : response.socket
    this.#stream = below ?? { destroyed: false, errored: null }
    // Registered once and for good: compression moves listeners of `drain` to a stream of its own
    // from which `removeListener` does not take them again.
    response.on('drain', () => this.#drained())
    response.on('close', () => this.#closed())
    response.on('error', (error: unknown) => this.#tell(closeCause(error), error))
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
  }

  write(bytes: Uint8Array): boolean {
    const response = this.#response
    if (this.#isGone()) return false
    const taken = writeTo(response, bytes)
    response.flush?.()
    this.#blocked = !taken
    return taken
  }

  end(): void {
    if (!this.#isGone()) this.#response.end()
  }

  destroy(): void {
    if (!this.#response.writableFinished) this.#response.destroy()
  }

  #isGone(): boolean {
    return this.#response.writableEnded || this.#stream.destroyed
  }

  #drained(): void {
    if (!this.#blocked || this.#isGone()) return
    this.#blocked = false
    this.#listener?.onWritable()
  }

  #closed(): void {
    if (this.#response.writableFinished) return this.#tell('finished')
    const error = this.#stream.errored
    this.#tell(closeCause(error), error ?? undefined)
  }

  #tell(cause: 'disconnected' | 'error' | 'finished', error?: unknown): void {
    const listener = this.#listener
    this.#listener = undefined
    listener?.onTransportClosed(cause, error)
  }
}

/** The two responses type `write` apart. */
function writeTo(response: WritableResponse, bytes: Uint8Array): boolean {
  return isHttp2(response) ? response.write(bytes) : response.write(bytes)
}
