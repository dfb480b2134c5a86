import type { CohortTable } from './cohort-table.ts'
import type { PresenceMember } from './subscription.ts'

/**
 * Who is on a topic now. Derived from the cohorts at the moment of the question, so that there is
 * no second book to keep, and a session that ended is gone with its end.
 */
export function listPresence(cohorts: CohortTable, topic: string): PresenceMember[] {
  const members = new Map<string, { sessions: number; since: number }>()
  cohorts.visitReaders(topic, ({ name, session }) => {
    const member = members.get(name)
    if (member === undefined) {
      members.set(name, { sessions: 1, since: session.openedAt })
      return
    }
    member.sessions++
    member.since = Math.min(member.since, session.openedAt)
  })
  return [...members].map(([subscriber, { sessions, since }]) => ({ subscriber, sessions, since }))
}
