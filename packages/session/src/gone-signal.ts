/** Of HTTP/2 (RFC 9113, 7): the stream is not needed any more. */
const CANCEL = 0x8

/** A request and a response of node:http or node:http2, as far as they are used here: Fetch entries reach this file. */
export interface ServedExchange {
  readonly req?: { readonly socket?: ServedSocket | null | undefined } | undefined
  readonly res?: ServedResponse | undefined
}

interface ServedSocket {
  destroy(): unknown
}

interface ServedResponse {
  readonly destroyed?: boolean | undefined
  readonly closed?: boolean | undefined
  readonly socket?: object | null | undefined
  /** Of HTTP/2. */
  readonly stream?: { readonly destroyed: boolean; close?(code: number): unknown } | undefined
  once(event: 'close', listener: () => void): unknown
  destroy?(): unknown
}

/**
 * What stands behind a Fetch request on Node, as far as its host shows it: on the request (srvx, and
 * so h3, Nitro and Elysia), or in what it hands over beside it (`@hono/node-server`).
 */
export function exchangeBehind(request: object, beside?: unknown): ServedExchange | undefined {
  const { runtime } = request as { readonly runtime?: { readonly node?: ServedExchange } | null }
  if (isServed(runtime?.node?.res)) return runtime?.node
  const { incoming: req, outgoing: res } = (beside ?? {}) as {
    readonly incoming?: ServedExchange['req']
    readonly outgoing?: unknown
  }
  return isServed(res) ? { req, res } : undefined
}

/** Workers hand over what an application is given, by names of its own. */
function isServed(response: unknown): response is ServedResponse {
  return typeof (response as Partial<ServedResponse> | null | undefined)?.once === 'function'
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

/**
 * What cuts a response of Node off: what its host of Fetch has taken of a body, and a reader does not
 * take, nobody else can reach. Undefined without a response.
 */
export function cutterOf({ res }: ServedExchange = {}): (() => void) | undefined {
  if (res === undefined) return undefined
  return () => {
    // A stream that is only destroyed says nothing of it to a reader that does not read.
    if (res.stream?.close !== undefined) res.stream.close(CANCEL)
    else res.destroy?.()
  }
}
