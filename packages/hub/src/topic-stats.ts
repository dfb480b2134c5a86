/** Rates are counted over windows of this length. */
const WINDOW_MS = 5_000
const MAX_TOPICS = 10_000
/** Forgotten at once: to find the oldest costs a look at all. */
const FORGOTTEN = 2_500

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

/** Counts events by topic. Bounded: those that were quiet for longest are forgotten. */
export class TopicStats {
  readonly #tallies = new Map<string, Tally>()
  readonly #now: () => number
  #events = 0

  /** @param now Unix milliseconds. */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  add(topic: string): void {
    const window = Math.floor(this.#now() / WINDOW_MS)
    const newest = ++this.#events
    const tally = this.#tallies.get(topic)
    if (tally === undefined) {
      if (this.#tallies.size >= MAX_TOPICS) this.#forgetOldest()
      this.#tallies.set(topic, { total: 1, newest, window, current: 1, previous: 0 })
      return
    }
    turn(tally, window)
    tally.total++
    tally.current++
    tally.newest = newest
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
    return [...this.#tallies].sort(([, a], [, b]) => b.newest - a.newest)
  }

  #forgetOldest(): void {
    for (const [topic] of this.#newestFirst().slice(-FORGOTTEN)) this.#tallies.delete(topic)
  }
}

/** Each topic turns its own page when it is looked at: no timer, and nobody has to ask. */
function turn(tally: Tally, window: number): void {
  if (tally.window === window) return
  tally.previous = tally.window === window - 1 ? tally.current : 0
  tally.current = 0
  tally.window = window
}
