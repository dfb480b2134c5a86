import type { ServerResponse } from 'node:http'
import type { StreamHandle } from './handle.ts'
import { returnerTo, takeFromHttp } from './http-connection.ts'
import type { Http1Transport } from './http1-transport.ts'
import { isSole, isUnwatched, type HttpParts } from './release-check.ts'
import { releaseSoon, type Releasable } from './release-queue.ts'
import { canCutWith, releasedFrom } from './released-connections.ts'
import { awaitListeners, standFor, tellEnd, type ReleasedStream } from './released-response.ts'
import {
  SocketTransport,
  type ConnectionKeeper,
  type Cuttable,
  type FreeSocket,
} from './socket-transport.ts'
import type {
  CloseCause,
  Framing,
  Protocol,
  Transport,
  TransportListener,
  WriteSeam,
} from './transport.ts'

/** Writes after which it is tried: the first may come while the request still arrives. */
const TRIES = 3

/** How and when a stream lets go of what node:http made for it. */
export interface ReleaseTerms extends HttpParts {
  readonly handle: StreamHandle | undefined
  /** `auto`: when nobody else relies on it. `true`: whoever does is not told any more. */
  readonly when: 'auto' | true
  /** Default: node:http gets the connection back. */
  readonly onFree: FreeSocket | undefined
  readonly keeper: ConnectionKeeper | undefined
}

/**
 * A stream that begins as an HTTP/1 response and goes on without: most of the memory of an idle
 * stream on node:http is its request, its response and its parser.
 */
export class ReleasableTransport
  implements Transport, TransportListener, Releasable, ReleasedStream
{
  readonly over = false
  readonly protocol: Protocol
  #carrier: Http1Transport | SocketTransport
  /** Undefined when nothing is left to try. */
  #terms: ReleaseTerms | undefined
  #tries = TRIES
  #isWaiting = false
  #listener: TransportListener | undefined = undefined
  /** The response that was let go of, as long as anybody else has it. */
  #late: WeakRef<ServerResponse> | undefined = undefined
  /** The same, when it has listeners. */
  #held: ServerResponse | undefined = undefined
  /** Where it is listed with the other connections that its server does not know any more. */
  #list: Set<Cuttable> | undefined = undefined

  constructor(carrier: Http1Transport, terms: ReleaseTerms) {
    this.protocol = carrier.protocol
    this.#carrier = carrier
    this.#terms = terms
  }

  get framing(): Framing {
    return this.#carrier.framing
  }

  get seam(): WriteSeam {
    return this.#carrier.seam
  }

  get remoteAddress(): string | undefined {
    return this.#carrier.remoteAddress
  }

  get remotePort(): number | undefined {
    return this.#carrier.remotePort
  }

  get localPort(): number | undefined {
    return this.#carrier.localPort
  }

  get fd(): number | undefined {
    return this.#carrier.fd
  }

  get isGone(): boolean {
    return this.#carrier.isGone
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
    this.#carrier.listen(this)
  }

  write(bytes: Uint8Array): boolean {
    if (this.#terms !== undefined && !this.#isWaiting) {
      this.#isWaiting = true
      releaseSoon(this)
    }
    return this.#carrier.write(bytes)
  }

  end(): void {
    this.#terms = undefined
    this.#carrier.end()
  }

  endFromOutside(): void {
    this.#carrier.end()
  }

  destroy(): void {
    this.#carrier.destroy()
  }

  hold(response: ServerResponse): void {
    this.#held = response
  }

  onWritable(): void {
    this.#listener?.onWritable()
  }

  onTransportClosed(cause: CloseCause, error?: unknown): void {
    const listener = this.#listener
    const late = this.#held ?? this.#late?.deref()
    this.#listener = undefined
    this.#terms = undefined
    this.#list?.delete(this)
    this.#held = undefined
    this.#late = undefined
    // In a turn of its own, as node:http does it.
    if (late !== undefined) setImmediate(tellEnd, late, cause)
    listener?.onTransportClosed(cause, error)
  }

  release(): void {
    const terms = this.#terms
    const carrier = this.#carrier
    this.#isWaiting = false
    if (terms === undefined || carrier instanceof SocketTransport) return
    if (carrier.isIdle && isFree(terms)) this.#goOn(carrier, terms)
    else if (--this.#tries === 0) this.#terms = undefined
  }

  #goOn(carrier: Http1Transport, terms: ReleaseTerms): void {
    const { request, response, socket, server, handle, keeper } = terms
    const { framing } = carrier
    const onFree = whatIsNext(terms, framing)
    this.#terms = undefined
    carrier.leave()
    if (!takeFromHttp(socket, request, response)) return void socket.destroy()
    const next = new SocketTransport(socket, { head: undefined, framing, handle, onFree, keeper })
    this.#carrier = next
    next.listen(this)
    standFor(response, this)
    if (terms.when === 'auto') {
      this.#late = new WeakRef(response)
      awaitListeners(request, response)
    }
    // Whoever keeps connections keeps this one, too.
    if (keeper === undefined && canCutWith(server)) this.#list = releasedFrom(server).add(this)
    next.shed()
  }
}

function isFree(terms: ReleaseTerms): boolean {
  if (!isSole(terms)) return false
  if (terms.when === true) return true
  return isUnwatched(terms) && canCutWith(terms.server)
}

/** What becomes of the connection after the stream; undefined: it is ended. */
function whatIsNext(
  { response, server, onFree }: ReleaseTerms,
  framing: Framing,
): FreeSocket | undefined {
  if (framing === 'raw' || !response.shouldKeepAlive) return undefined
  // It would count from the beginning.
  if ((server.maxRequestsPerSocket ?? 0) > 0) return undefined
  return onFree ?? returnerTo(server)
}
