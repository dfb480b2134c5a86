import { encodeFramed } from './chunk.ts'
import { ClosedTransport } from './closed-transport.ts'
import type { CloseCause, Framing, Protocol, Transport, TransportListener } from './transport.ts'

/** What takes the place of a transport that was held back. */
export interface Opened {
  readonly transport: Transport
  /** Why it is over, where it is over from the start. Default `disconnected`. */
  readonly cause?: CloseCause | undefined
}

/** The part of a session that a held transport uses. */
interface HeldSession extends TransportListener {
  readonly isOpen: boolean
  adopt(transport: Transport): void
  writeFramed(bytes: Uint8Array): boolean
}

export interface HeldTerms {
  readonly protocol: Protocol
  readonly remoteAddress: string | undefined
  /** Sends the head. What it throws is thrown by whatever the session was asked to do. */
  readonly open: () => Opened
}

/**
 * Holds the head of a response back until something is to be written, so that a handler that throws
 * at its start is answered with a real status. Keeps the first bytes of the session; then another
 * transport takes its place, and nothing of it is left in the way.
 */
export class HeldTransport implements Transport {
  readonly isHeld = true
  readonly over = false
  readonly protocol: Protocol
  readonly remoteAddress: string | undefined

  readonly #open: () => Opened
  #session: HeldSession | undefined = undefined
  #greeting: Uint8Array | undefined = undefined
  #real: Transport | undefined = undefined

  constructor({ protocol, remoteAddress, open }: HeldTerms) {
    this.protocol = protocol
    this.remoteAddress = remoteAddress
    this.#open = open
  }

  /** Whether the head was sent, or never will be. */
  get isReleased(): boolean {
    return this.#real !== undefined
  }

  /** Who asks wants to write: only the first bytes are framed before the framing is known. */
  get framing(): Framing {
    return this.#greeting === undefined ? 'raw' : this.release().framing
  }

  listen(listener: HeldSession): void {
    this.#session = listener
  }

  write(bytes: Uint8Array): boolean {
    if (this.#greeting === undefined) {
      this.#greeting = bytes
      return true
    }
    // Bytes of somebody who did not ask for the framing.
    const real = this.release()
    return real.over ? false : real.write(encodeFramed(bytes, real.framing))
  }

  end(): void {
    this.release().end()
  }

  destroy(): void {
    this.release().destroy()
  }

  /** Sends the head and the first bytes. */
  release(): Transport {
    if (this.#real !== undefined) return this.#real
    const { transport, cause = 'disconnected' } = this.#open()
    this.#take(transport)
    if (transport.over) this.#session?.onTransportClosed(cause)
    else this.#greet(transport)
    return transport
  }

  /** Nothing will be sent: somebody else answers the request. */
  abandon(): void {
    this.#take(new ClosedTransport(this.protocol, this.remoteAddress))
  }

  #take(transport: Transport): void {
    this.#real = transport
    this.#session?.adopt(transport)
  }

  #greet(transport: Transport): void {
    const bytes = encodeFramed(this.#greeting ?? '', transport.framing)
    if (this.#session?.isOpen === true) this.#session.writeFramed(bytes)
    else transport.write(bytes)
  }
}
