import { covers, parseCursor } from '@heartline/wire'
import { GAP, type Gap } from '../event.ts'
import { decodeData } from '../schema.ts'
import type { Item } from './item.ts'

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

/** True when the item tells a reader at `place` nothing new. */
export function isPast({ type, data = '', id }: Item, place: string): boolean {
  if (type !== GAP) return id !== undefined && reaches(place, id)
  const gap = decodeData(data, 'auto') as { readonly data?: Partial<Gap> | null }
  const { reason, to = '' } = gap.data ?? {}
  // After a roll-back, smaller places are new.
  return reason !== 'diverged' && reaches(place, to)
}
