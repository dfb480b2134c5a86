/** Rates are counted over windows of this length. */
const WINDOW_MS = 5_000
/** In each of two generations. */
const MAX_TOPICS = 5_000

/** How busy a topic is. */
export interface TopicRate {
  readonly topic: string
  /** Events a second, over the last 5 to 10 seconds. */
  readonly rate: number
  /** Events since the hub began or the topic was last forgotten. */
  readonly total: number
}

interface Tally {
  total: number
  /** Number of the newest event. */
  newest: number
  /** Number of the window that `current` counts. */
  window: number
  current: number
  /** The count of the window before. */
  previous: number
}

/**
 * Counts events by topic. Bounded: those that were quiet for longest are forgotten.
 *
 * They are kept in two generations. A topic that is busy moves to the young one; when that is full
 * it becomes the old one, and what was in the old one is forgotten, all without looking for it.
 */
export class TopicStats {
  #young = new Map<string, Tally>()
  #old = new Map<string, Tally>()
  readonly #now: () => number
  #events = 0

  /** @param now Unix milliseconds. */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  add(topic: string): void {
    const window = Math.floor(this.#now() / WINDOW_MS)
    const tally = this.#young.get(topic) ?? this.#promote(topic, window)
    turn(tally, window)
    tally.total++
    tally.current++
    tally.newest = ++this.#events
  }

  /** The topics that changed last, newest first. */
  list(limit: number): TopicRate[] {
    const now = this.#now()
    const window = Math.floor(now / WINDOW_MS)
    const seconds = (WINDOW_MS + (now % WINDOW_MS)) / 1_000
    const rows = this.#newestFirst().slice(0, Math.max(0, limit))
    return rows.map(([topic, tally]) => {
      turn(tally, window)
      return { topic, rate: (tally.previous + tally.current) / seconds, total: tally.total }
    })
  }

  #newestFirst(): [string, Tally][] {
    return [...this.#young, ...this.#old].sort(([, a], [, b]) => b.newest - a.newest)
  }

  /** Finds the topic among the old ones or begins to count it. */
  #promote(topic: string, window: number): Tally {
    const known = this.#old.get(topic)
    if (known !== undefined) this.#old.delete(topic)
    const tally = known ?? { total: 0, newest: 0, window, current: 0, previous: 0 }
    if (this.#young.size >= MAX_TOPICS) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(topic, tally)
    return tally
  }
}

/** Each topic turns its own page when it is looked at: no timer, and nobody has to ask. */
function turn(tally: Tally, window: number): void {
  if (tally.window === window) return
  tally.previous = tally.window === window - 1 ? tally.current : 0
  tally.current = 0
  tally.window = window
}
