/** Where a session stands among those of several hubs. */
export interface SessionPlace {
  /** Unix milliseconds. */
  readonly openedAt: number
  readonly id: string
}

/** Below 0 when `a` comes first: by time of opening, then by id. */
export function comparePlaces(a: SessionPlace, b: SessionPlace): number {
  if (a.openedAt !== b.openedAt) return a.openedAt - b.openedAt
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
