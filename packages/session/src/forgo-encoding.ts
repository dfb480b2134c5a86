const NAME = 'accept-encoding'

/** A request as a framework shows it to its middleware: with headers of Fetch, or by name. */
export interface SeenRequest {
  readonly headers?: Headers | Record<string, string | undefined> | undefined
}

/**
 * Compression that comes after the handler, and does not know `no-transform`, would hold events back or
 * wait for the end of the stream. It looks at what the request takes: this one takes nothing.
 */
export function forgoEncoding(request: SeenRequest): void {
  const { headers } = request
  if (headers === undefined) return
  if (!isFetch(headers)) {
    delete headers[NAME]
    return
  }
  try {
    headers.delete(NAME)
  } catch {
    // In some runtimes nobody may change what a reader has sent: there others are in front of them.
    const others = new Headers(headers)
    others.delete(NAME)
    Object.defineProperty(request, 'headers', { value: others, configurable: true })
  }
}

function isFetch(headers: NonNullable<SeenRequest['headers']>): headers is Headers {
  return typeof headers.delete === 'function'
}
