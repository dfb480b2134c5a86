import { ClosedTransport } from './closed-transport.ts'
import { FetchTransport } from './fetch-transport.ts'
import { headFields } from './head.ts'
import { resolveSessionOptions, type SessionOptions } from './options.ts'
import { Session } from './session.ts'
import { createWheel } from './wheel.ts'

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
export function createFetchSession(request: Request, options: SessionOptions = {}): FetchSession {
  const resolved = resolveSessionOptions(withWheel(options))
  const headers = headFields(resolved)
  const { signal } = request
  if (signal.aborted || request.method === 'HEAD') {
    const reason = signal.aborted ? 'disconnected' : 'finished'
    const session = new Session(new ClosedTransport('fetch'), resolved, reason)
    return { session, response: new Response(null, { headers }) }
  }
  const transport = new FetchTransport(signal)
  const session = new Session(transport, resolved)
  return { session, response: new Response(transport.body, { headers }) }
}

/**
 * Workers bind timers and streams to the request that made them: a wheel that is shared between
 * requests may not touch the streams of the others there.
 */
function withWheel(options: SessionOptions): SessionOptions {
  const agent = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent
  if (options.wheel !== undefined || agent !== 'Cloudflare-Workers') return options
  return { ...options, wheel: createWheel() }
}
