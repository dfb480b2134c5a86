import type { Framing, Protocol, Transport } from './transport.ts'

/** Stands for a stream that was over before the session was made: nothing is ever written. */
export class ClosedTransport implements Transport {
  readonly framing: Framing = 'raw'
  readonly over = true
  readonly protocol: Protocol
  readonly remoteAddress: string | undefined

  constructor(protocol: Protocol, remoteAddress?: string) {
    this.protocol = protocol
    this.remoteAddress = remoteAddress
  }

  write(): boolean {
    return false
  }

  end(): void {}

  destroy(): void {}

  listen(): void {}
}
