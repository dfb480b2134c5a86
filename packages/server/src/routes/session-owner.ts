import type { SessionInfo } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import type { Grant } from '../auth/grant.ts'
import { serverErrors } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../http/route.ts'

/**
 * Who the session belongs to. A session whose token names nobody belongs to whoever knows its id,
 * which cannot be guessed.
 */
export function ownerOf(session: SessionInfo): string | undefined {
  return session.subscriber === session.id ? undefined : session.subscriber
}

/** The session of the path. Rejects with `HL_SESSION_UNKNOWN`. */
export async function requireSession(exchange: Exchange, services: Services): Promise<SessionInfo> {
  const session = await services.peers.session(exchange.parameters['id'] ?? '')
  if (session === undefined) throw new HeartlineError(serverErrors.sessionUnknown)
  return session
}

/** Throws `HL_SESSION_FORBIDDEN` unless the grant is the owner's or an administrator's. */
export function requireOwner(session: SessionInfo, grant: Grant): void {
  const owner = ownerOf(session)
  if (grant.admin || owner === undefined || owner === grant.subject) return
  throw new HeartlineError(serverErrors.sessionForbidden)
}
