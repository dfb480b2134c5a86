/** A request and a response of node:http or node:http2, as far as they are used here: Fetch entries reach this file. */
export interface ServedExchange {
  readonly req?: { readonly socket?: { destroy(): unknown } | null | undefined } | undefined
  readonly res?: ServedResponse | undefined
}

interface ServedResponse {
  readonly destroyed?: boolean | undefined
  readonly closed?: boolean | undefined
  readonly socket?: object | null | undefined
  /** Of HTTP/2. */
  readonly stream?: { readonly destroyed: boolean } | undefined
  once(event: 'close', listener: () => void): unknown
}

/**
 * Aborted when a reader is gone, by its response of Node. There are hosts of Fetch whose own signal is
 * aborted as soon as the body of the request was read. Undefined without a response.
 */
export function goneSignal({ req, res }: ServedExchange = {}): AbortSignal | undefined {
  if (res === undefined) return undefined
  const controller = new AbortController()
  if (isGone(res)) controller.abort()
  else if (res.stream === undefined && res.socket === null) {
    // Pipelined: until its turn Node does not tell this response when the connection is gone.
    req?.socket?.destroy()
    controller.abort()
  } else res.once('close', () => controller.abort())
  return controller.signal
}

function isGone({ destroyed, closed, stream }: ServedResponse): boolean {
  return destroyed === true || closed === true || stream?.destroyed === true
}
