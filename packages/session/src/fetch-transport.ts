import { HeartlineError } from '@heartline/wire'
import { sessionErrors } from './errors.ts'
import type { Framing, Transport, TransportListener } from './transport.ts'

/** Bytes the stream holds before the session counts as blocked: what Node's streams hold. */
const HIGH_WATER_BYTES = 16_384

/** A Web stream as the body of a Fetch response. */
export class FetchTransport implements Transport {
  readonly framing: Framing = 'raw'
  readonly seam = 'fetch'
  readonly protocol = 'fetch'
  readonly remoteAddress = undefined
  readonly over = false
  /** The response body. */
  readonly body: ReadableStream<Uint8Array>

  readonly #signal: AbortSignal
  readonly #cut: (() => void) | undefined
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #listener: TransportListener | undefined
  #blocked = false
  #closed = false

  /** @param cut See `FetchRequest` */
  constructor(signal: AbortSignal, cut?: () => void) {
    this.#signal = signal
    this.#cut = cut
    // Counted in bytes: the default strategy counts chunks, however large.
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#pulled(),
        cancel: () => this.#close('disconnected'),
      },
      { highWaterMark: HIGH_WATER_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
    )
    signal.addEventListener('abort', this)
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed) return false
    this.#controller?.enqueue(bytes)
    this.#blocked = this.#room() <= 0
    return !this.#blocked
  }

  end(): void {
    if (this.#closed) return
    const drained = this.#room() === HIGH_WATER_BYTES
    this.#controller?.close()
    // Else the host may still hold what the reader does not take, and the signal tells the end.
    if (drained && this.#cut === undefined) this.#close('finished')
  }

  /** Without a response to cut, the error is the only way to make a stream drop what it holds. */
  destroy(): void {
    if (this.#closed) return
    this.#close('finished')
    if (this.#cut !== undefined) return this.#cut()
    this.#controller?.error(new HeartlineError(sessionErrors.sessionEnded, { reason: 'cut off' }))
  }

  /** The request was aborted. No error here: hosts that cancel the body next would trip over it. */
  handleEvent(): void {
    if (this.#closed) return
    this.#close('disconnected')
    try {
      this.#controller?.close()
    } catch {
      // It was closed already and its last bytes were not read.
    }
  }

  #room(): number {
    return this.#controller?.desiredSize ?? 0
  }

  #pulled(): void {
    if (!this.#blocked || this.#closed || this.#room() <= 0) return
    this.#blocked = false
    this.#listener?.onWritable()
  }

  #close(cause: 'disconnected' | 'finished'): void {
    if (this.#closed) return
    this.#closed = true
    this.#signal.removeEventListener('abort', this)
    this.#listener?.onTransportClosed(cause)
    this.#listener = undefined
  }
}
