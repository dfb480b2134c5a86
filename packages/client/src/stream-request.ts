import type { HeartlineError } from '@heartline/wire'

/** What a function among the options is told. */
export interface RequestContext {
  /** 1 for the first request of the client, counting on. */
  readonly attempt: number
  /** Which of the endpoints is asked. */
  readonly endpoint: number
  /** Where the stream goes on, `''` at the start. */
  readonly lastEventId: string
  /** True after a 401 or an expired token: fetch a new one, do not take it from a cache. */
  readonly refresh: boolean
  /** After how many seconds without a byte the last stream of a hub died; 0 when it did not. */
  readonly silence: number
  readonly signal: AbortSignal
}

/** A request that is ready to be sent. */
export interface PreparedRequest {
  readonly url: string
  readonly init: RequestInit
}

/** How a request names the place. */
export type ResumeBy = 'header' | 'query'

/** Makes the requests of one stream. */
export interface StreamSource {
  /** How many equal servers there are. */
  readonly endpoints: number
  /** True when asking for a token again can change the answer to a 401. */
  readonly canRefresh: boolean
  /** Why the request must not be made again after it ended like this; undefined when it may. */
  whyOnce(error: HeartlineError): HeartlineError | undefined
  /** May reject: then there was no request. */
  prepare(context: RequestContext): Promise<PreparedRequest>
}

/** Adds to a request what makes it one for a stream that goes on after a place. */
export function toStreamRequest(
  url: URL,
  init: RequestInit & { readonly headers: Headers },
  { lastEventId, silence, signal }: RequestContext,
  resumeBy: ResumeBy = 'header',
): PreparedRequest {
  const { headers } = init
  headers.set('Accept', 'text/event-stream')
  if (lastEventId !== '' && resumeBy === 'query') url.searchParams.set('lastEventId', lastEventId)
  else if (lastEventId !== '') headers.set('Last-Event-ID', toHeaderText(lastEventId))
  // The hub then beats faster: something on the way cuts silent streams.
  if (silence > 0) url.searchParams.set('silence', String(silence))
  return { url: url.href, init: { ...init, signal, cache: 'no-store' } }
}

/** A header holds bytes: those of the UTF-8 form, as the HTML standard says. */
function toHeaderText(id: string): string {
  return String.fromCharCode(...new TextEncoder().encode(id))
}
