import type { Broker } from '@heartline/broker'
import { toFrame, type Frame } from './frame.ts'
import type { LogRange } from './history-segment.ts'
import type { LogFollower } from './log-follower.ts'
import type { RecentWindow } from './recent-window.ts'
import { isPattern } from './selector.ts'

const PAGE_ENTRIES = 500
const PAGE_BYTES = 262_144

/** A part of the log. */
export interface FramePage {
  readonly frames: readonly Frame[]
  /** Everything in `(after, through]` was looked at. */
  readonly through: number
}

/** Reads history: from memory what is recent, from the broker what is not. */
export class HistoryReader {
  readonly #broker: Broker
  readonly #window: RecentWindow
  readonly #follower: LogFollower

  constructor(broker: Broker, window: RecentWindow, follower: LogFollower) {
    this.#broker = broker
    this.#window = window
    this.#follower = follower
  }

  /** True when what comes after the offset is in memory. */
  isRecent(after: number): boolean {
    return after >= this.#window.after
  }

  /** What is in memory of `(start, end]`, if that has all after `after`. */
  readRecent(start: number, after: number, end: number): LogRange | undefined {
    if (after < this.#window.after) return undefined
    const from = Math.max(start, this.#window.after)
    const frames = this.#window.read(from, end, end - from)
    return frames === undefined ? undefined : { from, through: end, frames }
  }

  /**
   * The next page of `(after, until]`. May hold entries that the selectors do not match.
   * @throws HeartlineError `HL_CURSOR_EXPIRED` and the broker's other errors
   */
  async read(after: number, until: number, selectors: readonly string[]): Promise<FramePage> {
    const recent = this.#window.read(after, until, PAGE_ENTRIES)
    if (recent !== undefined) return { frames: recent, through: after + recent.length }
    const page = await this.#broker.read({
      after,
      until,
      topics: selectors.some(isPattern) ? undefined : selectors,
      maxEntries: PAGE_ENTRIES,
      maxBytes: PAGE_BYTES,
    })
    const frames = page.entries.map((entry) => toFrame(entry, this.#follower.epoch))
    return { frames, through: page.through }
  }
}
