/** Rates are counted over windows of this length. */
const WINDOW_MS = 5_000
const MAX_TOPICS = 10_000

export interface TopicRate {
  readonly topic: string
  /** Events a second, over the last 5 to 10 seconds. */
  readonly rate: number
  /** Events since the hub began or the topic was last forgotten. */
  readonly total: number
}

interface Tally {
  total: number
  /** Number of the window that `current` counts. */
  window: number
  current: number
  /** The count of the window before. */
  previous: number
}

/** Counts events by topic. Bounded: the topic that was quiet for longest is forgotten. */
export class TopicStats {
  readonly #tallies = new Map<string, Tally>()
  readonly #now: () => number

  /** @param now Unix milliseconds. */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  add(topic: string): void {
    const window = Math.floor(this.#now() / WINDOW_MS)
    let tally = this.#tallies.get(topic)
    if (tally === undefined) {
      tally = { total: 0, window, current: 0, previous: 0 }
      if (this.#tallies.size >= MAX_TOPICS) this.#forgetOldest()
    } else {
      this.#tallies.delete(topic)
      turn(tally, window)
    }
    tally.total++
    tally.current++
    this.#tallies.set(topic, tally)
  }

  /** The topics that changed last, newest first. */
  list(limit: number): TopicRate[] {
    const now = this.#now()
    const window = Math.floor(now / WINDOW_MS)
    const seconds = (WINDOW_MS + (now % WINDOW_MS)) / 1_000
    const first = Math.max(0, this.#tallies.size - Math.max(0, limit))
    const rows = [...this.#tallies].slice(first).reverse()
    return rows.map(([topic, tally]) => {
      turn(tally, window)
      return { topic, rate: (tally.previous + tally.current) / seconds, total: tally.total }
    })
  }

  #forgetOldest(): void {
    for (const topic of this.#tallies.keys()) {
      this.#tallies.delete(topic)
      return
    }
  }
}

/** Each topic turns its own page when it is looked at: no timer, and nobody has to ask. */
function turn(tally: Tally, window: number): void {
  if (tally.window === window) return
  tally.previous = tally.window === window - 1 ? tally.current : 0
  tally.current = 0
  tally.window = window
}
