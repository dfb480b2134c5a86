import type { HeartlineError } from '@heartline/wire'
import type { Outcome } from './outcome.ts'

/** Where and how a stream goes on. */
export interface Resume {
  /** The place, `''` at the start. */
  readonly lastEventId: string
  /** After how many seconds without a byte the last stream of a hub died; 0 when it did not. */
  readonly silence: number
  readonly signal: AbortSignal
}

/** What a function among the options is told. */
export interface RequestContext extends Resume {
  /** 1 for the first request of the client, counting on. */
  readonly attempt: number
  /** Which of the endpoints is asked. */
  readonly endpoint: number
  /** True after a 401 or an expired token: fetch a new one, do not take it from a cache. */
  readonly refresh: boolean
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
  /** Which of several equal servers is asked, from 0. Another one starts the waits anew. */
  readonly endpoint: number
  /** Of several, how long the one that is next wants to be left alone. Asked after `onEnd`. */
  readonly restMs?: number
  /** May reject: then there was no request. */
  prepare(resume: Resume): Promise<PreparedRequest>
  /** The request opened a stream. */
  onOpen?(): void
  /**
   * A request or its stream ended, but not for good.
   *
   * @param hasWorked The stream lived for long enough to be worth something.
   * @returns Why no other request follows, if none does.
   */
  onEnd?(outcome: Outcome, hasWorked: boolean): HeartlineError | undefined
}

/** Adds to a request what makes it one for a stream that goes on after a place. */
export function toStreamRequest(
  url: URL,
  init: RequestInit & { readonly headers: Headers },
  { lastEventId, silence, signal }: Resume,
  resumeBy: ResumeBy = 'header',
): PreparedRequest {
  const { headers } = init
  headers.set('Accept', 'text/event-stream')
  if (lastEventId !== '' && resumeBy === 'query') url.searchParams.set('lastEventId', lastEventId)
  // Control characters are in no field: Node.js would refuse each request with them, for ever.
  else if (/^[\t\P{Cc}]+$/u.test(lastEventId)) {
    // A header holds bytes: those of the UTF-8 form, as the HTML standard says.
    const bytes = new TextEncoder().encode(lastEventId)
    headers.set('Last-Event-ID', String.fromCharCode(...bytes))
  }
  // The hub then beats faster: something on the way cuts silent streams.
  if (silence > 0) url.searchParams.set('silence', String(silence))
  // A plain object: a `fetch` of the caller may spread it, to add a field of its own.
  const fields = Object.fromEntries(headers)
  return { url: url.href, init: { ...init, headers: fields, signal, cache: 'no-store' } }
}
