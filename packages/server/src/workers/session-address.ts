import type { SessionPlace } from '@heartline/hub'

const PREFIX = /^w(\d{1,3})\./
/** Not in the ids themselves, so that a page can be asked for by either. */
const PLACE = /^([^~]{1,128})~([0-9a-z]{1,11})$/

/** What the ids of a worker's sessions begin with: whoever is asked knows whom to ask. */
export function prefixOfWorker(number: number): string {
  return `w${number}.`
}

/** The worker that a session is on. Undefined when no worker gave out such an id. */
export function workerOfSession(id: string): number | undefined {
  const [, number] = PREFIX.exec(id) ?? []
  return number === undefined ? undefined : Number(number)
}

/** Where a page of the session list ended. It stays a place when that session has gone. */
export function formatPlace({ id, openedAt }: SessionPlace): string {
  return `${id}~${openedAt.toString(36)}`
}

/** Undefined when it is a session's id alone, or none. */
export function parsePlace(text: string): SessionPlace | undefined {
  const [, id, openedAt] = PLACE.exec(text) ?? []
  if (id === undefined || openedAt === undefined) return undefined
  return { id, openedAt: Number.parseInt(openedAt, 36) }
}
