import type { Session } from '../session.ts'
import type { Suspect } from './suspects.ts'
import { addressKey } from './tcp-address.ts'

/** Sessions looked at between two turns of the event loop: about a millisecond. */
const LOOKS_PER_TURN = 10_000

/**
 * Finds the sessions of suspects by one walk through all sessions. There is no index: in nearly all
 * rounds nobody is suspected, and an entry for each session would cost more memory than the rest
 * of its evidence.
 */
export async function findSessions(
  suspects: readonly Suspect[],
  sessions: Iterable<Session>,
): Promise<void> {
  const byPort = new Map<number, Suspect[]>()
  for (const suspect of suspects) {
    suspect.sessions = []
    const { remotePort } = suspect.line
    const others = byPort.get(remotePort)
    if (others === undefined) byPort.set(remotePort, [suspect])
    else others.push(suspect)
  }
  if (byPort.size === 0) return
  let looks = 0
  for (const session of sessions) {
    const { connection } = session
    const candidates = byPort.get(connection.remotePort ?? -1)
    if (candidates !== undefined) assign(session, candidates)
    if (++looks % LOOKS_PER_TURN === 0) await nextTurn()
  }
}

/** Other connections may have the same remote port: the rest of the address decides. */
function assign(session: Session, candidates: readonly Suspect[]): void {
  const { remoteAddress, localPort } = session.connection
  const address = addressKey(remoteAddress ?? '')
  for (const { line, sessions } of candidates) {
    if (line.localPort === localPort && line.remoteAddress === address) sessions?.push(session)
  }
}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
