import { covers, decodeCursor, isCursor } from '@heartline/wire'

/**
 * True when a reader at `place` has seen everything up to `other`. Ids of servers other than hubs
 * have no order: of those only the same one is reached.
 */
export function reaches(place: string, other: string): boolean {
  if (place === other) return true
  if (!isCursor(place) || !isCursor(other)) return false
  const reached = decodeCursor(place)
  const { epoch, positions } = decodeCursor(other)
  return [...positions].every(([log, at]) => covers(reached, epoch, log, at))
}
