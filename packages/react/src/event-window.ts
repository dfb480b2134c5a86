import type { StreamEvent } from '@heartline/client'

/** Which events of a stream are kept, and how many. */
export interface WindowQuery {
  /** Names the query: the same one shares a window. */
  readonly key: string
  readonly limit: number
  readonly wants: (event: StreamEvent) => boolean
}

const NONE: readonly StreamEvent[] = []

/**
 * The last events that a query wants, as an array that is never changed, only replaced: once a turn,
 * however many came in it.
 */
export class EventWindow {
  readonly #query: WindowQuery
  readonly #listeners = new Set<() => void>()
  readonly #keepMs: number
  #leftAt = 0
  #events: readonly StreamEvent[] = NONE
  #fresh: StreamEvent[] = []

  /** @param keepMs How long it is filled when nobody looks, for one who comes back. */
  constructor(query: WindowQuery, keepMs: number) {
    this.#query = query
    this.#keepMs = keepMs
  }

  get events(): readonly StreamEvent[] {
    return this.#events
  }

  /** Nobody has looked for some time. */
  get isExpired(): boolean {
    return this.#listeners.size === 0 && Date.now() - this.#leftAt > this.#keepMs
  }

  add(event: StreamEvent): void {
    const { limit, wants } = this.#query
    if (limit === 0 || !wants(event)) return
    if (this.#fresh.length === 0) queueMicrotask(() => this.#publish())
    this.#fresh.push(event)
    // A handler of the same turn may block for long: not even then is more kept.
    if (this.#fresh.length > limit * 2) this.#fresh = this.#fresh.slice(-limit)
  }

  /** @returns Takes the listener away. */
  watch(listener: () => void): () => void {
    const own = (): void => listener()
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
      this.#leftAt = Date.now()
    }
  }

  #publish(): void {
    const { limit } = this.#query
    const fresh = this.#fresh.slice(-limit)
    this.#fresh = []
    const room = limit - fresh.length
    this.#events = room > 0 ? [...this.#events.slice(-room), ...fresh] : fresh
    for (const listener of this.#listeners) listener()
  }
}

/** Before there is a window, and on the server. */
export function noEvents(): readonly StreamEvent[] {
  return NONE
}
