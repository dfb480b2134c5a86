/** A response of node:http or node:http2, as far as it is used here: Fetch entries reach this file. */
export interface ServedResponse {
  readonly destroyed?: boolean | undefined
  readonly closed?: boolean | undefined
  /** Of HTTP/2. */
  readonly stream?: { readonly destroyed: boolean } | undefined
  once(event: 'close', listener: () => void): unknown
}

/**
 * Aborted when a reader is gone, by its response of Node. There are hosts of Fetch whose own signal is
 * aborted as soon as the body of the request was read. Undefined without a response.
 */
export function goneSignal(response: ServedResponse | undefined): AbortSignal | undefined {
  if (response === undefined) return undefined
  const controller = new AbortController()
  const isGone = response.destroyed ?? response.closed ?? false
  if (isGone || response.stream?.destroyed === true) controller.abort()
  else response.once('close', () => controller.abort())
  return controller.signal
}
