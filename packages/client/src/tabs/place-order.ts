import { covers, parseCursor } from '@heartline/wire'

/**
 * True when a reader at `place` has seen everything up to `other`. Ids of servers other than hubs
 * have no order: of those only the same one is reached.
 */
export function reaches(place: string, other: string): boolean {
  if (place === other) return true
  const reached = parseCursor(place)
  const asked = parseCursor(other)
  if (reached === undefined || asked === undefined) return false
  return [...asked.positions].every(([log, at]) => covers(reached, asked.epoch, log, at))
}
