import type { HistoryEvent, Hub } from '@heartline/hub'
import type { Place } from './player.ts'
import type { Recording } from './recording.ts'

const PAGE = 1_000
const SELECTORS = ['quakes/**', 'stocks/**']

/**
 * Finds in the log itself where the replay of each kind stopped, so that a restart neither repeats
 * nor leaves out an event, however it came about. Costs one pass over the retained events.
 */
export async function findPlaces(hub: Pick<Hub, 'history'>): Promise<Map<string, Place>> {
  const places = new Map<string, Place>()
  let after = 'earliest'
  for (let done = false; !done;) {
    const page = await hub.history({ selectors: SELECTORS, after, limit: PAGE })
    for (const event of page.events) note(places, event)
    after = page.next
    done = page.done
  }
  return places
}

/** The place after the last published one. */
export function placeAfter(recording: Recording, last: Place | undefined): Place {
  if (last === undefined) return { run: 1, n: 0 }
  if (last.n + 1 < recording.events.length) return { run: last.run, n: last.n + 1 }
  return { run: last.run + 1, n: 0 }
}

/** Anybody may publish to these topics, so what is not the replay's own is passed over. */
function note(places: Map<string, Place>, event: HistoryEvent): void {
  const data = parse(event.data)
  const { kind, run, n } = data
  if (typeof kind !== 'string' || !isCount(run) || !isCount(n)) return
  places.set(kind, { run, n })
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
