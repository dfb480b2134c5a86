import { ClosedTransport } from './closed-transport.ts'
import { FetchTransport } from './fetch-transport.ts'
import { headFields } from './head.ts'
import type { Opened } from './held-transport.ts'
import {
  resolveSessionOptions,
  type ResolvedSessionOptions,
  type SessionOptions,
} from './options.ts'
import { Session } from './session.ts'
import { createWheel } from './wheel.ts'

/** What is looked at of a request for its stream. */
export interface FetchRequest extends Pick<Request, 'method' | 'signal'> {
  /**
   * Cuts the response off: given by who also aborts `signal` at each end of it, in good order or not.
   * Default: the body ends when its host has taken it, whether the reader has or not.
   */
  readonly cut?: (() => void) | undefined
}

/** A session and the response that carries it. Return the response to your framework. */
export interface FetchSession {
  readonly session: Session
  readonly response: Response
}

/**
 * Opens a session for a Fetch request, on any runtime with Web streams. The first bytes are in
 * the body at once. A request that was aborted already gets a session that is over
 * (`disconnected`), a HEAD request one that is over with `finished`.
 * Throws `HL_OPTION_INVALID`.
 */
export function createFetchSession(
  request: FetchRequest,
  options: SessionOptions = {},
): FetchSession {
  const resolved = resolveFetchOptions(options)
  const { transport, cause, response } = openFetch(request, resolved)
  return { session: new Session(transport, resolved, cause), response }
}

/** A transport and the response whose body it is. */
export interface OpenedFetch extends Opened {
  readonly response: Response
}

/** Makes the response. What it answers is over from the start where `createFetchSession` says so. */
export function openFetch(request: FetchRequest, resolved: ResolvedSessionOptions): OpenedFetch {
  const headers = headFields(resolved)
  const { signal, cut } = request
  if (signal.aborted || request.method === 'HEAD') {
    const cause = signal.aborted ? 'disconnected' : 'finished'
    const response = new Response(null, { headers })
    return { transport: new ClosedTransport('fetch'), cause, response }
  }
  const transport = new FetchTransport(signal, cut)
  return { transport, response: new Response(transport.body, { headers }) }
}

/**
 * Workers bind timers and streams to the request that made them: a wheel that is shared between
 * requests may not touch the streams of the others there.
 */
export function resolveFetchOptions(options: SessionOptions): ResolvedSessionOptions {
  const agent = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent
  if (options.wheel !== undefined || agent !== 'Cloudflare-Workers') {
    return resolveSessionOptions(options)
  }
  return resolveSessionOptions({ ...options, wheel: createWheel() })
}
