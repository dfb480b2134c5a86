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
  current: number
  previous: number
}

/** Counts events by topic. Bounded: the topic that was quiet for longest is forgotten. */
export class TopicStats {
  readonly #tallies = new Map<string, Tally>()
  #windowStart = Date.now()

  add(topic: string): void {
    let tally = this.#tallies.get(topic)
    if (tally === undefined) {
      tally = { total: 0, current: 0, previous: 0 }
      if (this.#tallies.size >= MAX_TOPICS) this.#forgetOldest()
    } else {
      this.#tallies.delete(topic)
    }
    tally.total++
    tally.current++
    this.#tallies.set(topic, tally)
  }

  /** The topics that changed last, newest first. */
  list(limit: number, now: number = Date.now()): TopicRate[] {
    this.#turn(now)
    const seconds = (WINDOW_MS + (now - this.#windowStart)) / 1_000
    const rows = [...this.#tallies].slice(-limit).reverse()
    return rows.map(([topic, tally]) => ({
      topic,
      rate: (tally.previous + tally.current) / seconds,
      total: tally.total,
    }))
  }

  #turn(now: number): void {
    const windows = Math.floor((now - this.#windowStart) / WINDOW_MS)
    if (windows <= 0) return
    for (const tally of this.#tallies.values()) {
      tally.previous = windows === 1 ? tally.current : 0
      tally.current = 0
    }
    this.#windowStart += windows * WINDOW_MS
  }

  #forgetOldest(): void {
    for (const topic of this.#tallies.keys()) {
      this.#tallies.delete(topic)
      return
    }
  }
}
