import type { Iterator } from 'classic-level'
import type { Level } from './engine.ts'
import { offsetOfKey, topicKey } from './keys.ts'
import { decodeOffsets } from './rows.ts'

/** The entries of one block that carry one of the topics. */
export interface BlockMatch {
  /** Names the block: its last offset. */
  readonly last: number
  readonly offsets: readonly number[]
}

const ROWS = 64
/** Blocks that are fetched together. */
const MAX_MATCHES = 64

/** Walks the rows of several topics in the order of the log. */
export class TopicMerge {
  readonly #walks: TopicWalk[]

  constructor(level: Level, topics: readonly string[], after: number) {
    this.#walks = [...new Set(topics)].map((topic) => new TopicWalk(level, topic, after))
  }

  /** The next matches: enough for so many entries, or fewer at the end. Empty at the end. */
  async next(entries: number, until: number): Promise<BlockMatch[]> {
    const matches: BlockMatch[] = []
    let found = 0
    while (found < entries && matches.length < MAX_MATCHES) {
      for (const walk of this.#walks) if (walk.isEmpty) await walk.fill()
      const match = this.#nextMatch()
      // A block may straddle `until`.
      if (match === undefined || (match.offsets[0] ?? Infinity) > until) break
      matches.push(match)
      found += match.offsets.length
    }
    return matches
  }

  async close(): Promise<void> {
    await Promise.all(this.#walks.map((walk) => walk.close()))
  }

  #nextMatch(): BlockMatch | undefined {
    let last = Infinity
    for (const { head } of this.#walks) last = Math.min(last, head?.last ?? Infinity)
    if (last === Infinity) return undefined
    const offsets = new Set<number>()
    for (const walk of this.#walks) {
      if (walk.head?.last !== last) continue
      for (const offset of walk.head.offsets) offsets.add(offset)
      walk.advance()
    }
    return { last, offsets: [...offsets].toSorted((a, b) => a - b) }
  }
}

/** One topic's rows, read ahead. */
class TopicWalk {
  readonly #rows: Iterator<Level, Buffer, Buffer>
  #ahead: BlockMatch[] = []
  #at = 0
  #isAtEnd = false

  constructor(level: Level, topic: string, after: number) {
    const range = { gt: topicKey(topic, after), lte: topicKey(topic, Number.MAX_SAFE_INTEGER) }
    this.#rows = level.iterator(range)
  }

  /** Whether `fill` must be called before `head` tells something. */
  get isEmpty(): boolean {
    return this.#at >= this.#ahead.length && !this.#isAtEnd
  }

  /** The next row, or undefined at the end. */
  get head(): BlockMatch | undefined {
    return this.#ahead[this.#at]
  }

  advance(): void {
    this.#at++
  }

  async fill(): Promise<void> {
    const rows = await this.#rows.nextv(ROWS)
    this.#isAtEnd = rows.length === 0
    this.#at = 0
    this.#ahead = rows.map(([key, value]) => {
      const last = offsetOfKey(key)
      return { last, offsets: decodeOffsets(value, last) }
    })
  }

  async close(): Promise<void> {
    await this.#rows.close()
  }
}
