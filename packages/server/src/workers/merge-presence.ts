import type { PresenceMember } from '@heartline/hub'

/** A subscriber who is on several workers is one member, with all sessions. */
export function mergePresence(
  lists: readonly (readonly PresenceMember[])[],
): readonly PresenceMember[] {
  const members = new Map<string, PresenceMember>()
  for (const member of lists.flat()) {
    const known = members.get(member.subscriber)
    members.set(member.subscriber, known === undefined ? member : join(known, member))
  }
  return [...members.values()]
}

function join(a: PresenceMember, b: PresenceMember): PresenceMember {
  return { ...a, sessions: a.sessions + b.sessions, since: Math.min(a.since, b.since) }
}
