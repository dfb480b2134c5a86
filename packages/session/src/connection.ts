/** Where a transport ends, as the kernel knows it. */
export interface Connection {
  /** Address of the peer, when known. */
  readonly remoteAddress: string | undefined
  /** Port of the peer, when it is one of TCP. */
  readonly remotePort?: number | undefined
  /** Port that the peer connected to, when it is one of TCP. */
  readonly localPort?: number | undefined
}
