import { decodeCursor, type Cursor } from '@heartline/wire'

/** What a `heartline.gap` event says. */
export interface AdmittedGap {
  readonly from: string
  readonly to: string
  readonly reason: string
}

/** Numbers that a reader was not given. */
export interface Hole {
  readonly first: number
  readonly last: number
  /** The gap event that admitted it, if there was one. */
  readonly gap: AdmittedGap | undefined
}

const KEPT_PROBLEMS = 5

/**
 * The account of one reader: every number from 1 on, in order, once, or inside an admitted gap.
 */
export class Ledger {
  /** Events that were taken into the account. */
  events = 0
  /** Events that a client drops because its cursor covers them. */
  duplicatesDropped = 0
  readonly gaps: AdmittedGap[] = []
  readonly holes: Hole[] = []
  /** What went wrong: the first few, in words. */
  readonly problems: string[] = []
  problemCount = 0
  /** Numbers before the first one that this reader could ask for. */
  trimmedBefore = 0
  #next = 1
  #gap: AdmittedGap | undefined

  /** The newest number. */
  get last(): number {
    return this.#next - 1
  }

  /** How many numbers are missing, in admitted gaps. */
  get admitted(): number {
    return this.holes.reduce((sum, { gap, first, last }) => sum + (gap ? last - first + 1 : 0), 0)
  }

  /** How many numbers of 1 to `total` are missing without a word. */
  missing(total: number): number {
    return total - this.trimmedBefore - this.events - this.admitted
  }

  /** Takes an event into the account. `expected` is what its data must be, when that is checked. */
  take(n: number, data?: string, expected?: string): void {
    if (!Number.isSafeInteger(n)) return this.problem(`data without a number: ${String(data)}`)
    if (n < this.#next) return this.problem(`${n} came after ${this.last}`)
    if (expected !== undefined && data !== expected) {
      this.problem(`the data of ${n} was changed to ${String(data).slice(0, 80)}`)
    }
    if (n > this.#next) this.#hole(n - 1)
    this.events++
    this.#next = n + 1
    this.#gap = undefined
  }

  /** The reader's first event, when what came before was trimmed before the reader had a cursor. */
  beginAt(n: number): void {
    this.trimmedBefore = n - 1
    this.#next = n
  }

  takeGap(data: string): void {
    const gap = JSON.parse(data) as AdmittedGap
    this.gaps.push(gap)
    // Several gaps in a row admit one hole together.
    this.#gap = this.#gap === undefined ? gap : { ...gap, from: this.#gap.from }
  }

  problem(words: string): void {
    this.problemCount++
    if (this.problems.length < KEPT_PROBLEMS) this.problems.push(words)
  }

  #hole(last: number): void {
    this.holes.push({ first: this.#next, last, gap: this.#gap })
    if (this.#gap === undefined) this.problem(`${this.#next} to ${last} never came, without a word`)
  }

  /**
   * Whether each gap admits no less than what is missing: `offsets[n]` is the place of number n.
   * A gap between two lives of a log says nothing about offsets and is left out.
   */
  checkGaps(offsets: readonly number[]): void {
    for (const { first, last, gap } of this.holes) {
      if (gap === undefined) continue
      const from = decodeCursor(gap.from)
      const to = decodeCursor(gap.to)
      if (from.epoch !== to.epoch) continue
      const inside = (offsets[first] ?? 0) > offsetOf(from) && (offsets[last] ?? 0) <= offsetOf(to)
      if (!inside) this.problem(`the gap ${JSON.stringify(gap)} does not admit ${first} to ${last}`)
    }
  }
}

function offsetOf(cursor: Cursor): number {
  return cursor.positions.get('')?.offset ?? Number.NaN
}

/** The sums of several ledgers. */
export interface LedgerSums {
  readonly events: number
  readonly duplicatesDropped: number
  readonly gaps: number
  readonly admitted: number
  readonly missing: number
  readonly problems: number
}

export function sumLedgers(ledgers: readonly Ledger[], total: number): LedgerSums {
  const sum = (value: (ledger: Ledger) => number): number =>
    ledgers.reduce((running, ledger) => running + value(ledger), 0)
  return {
    events: sum((ledger) => ledger.events),
    duplicatesDropped: sum((ledger) => ledger.duplicatesDropped),
    gaps: sum((ledger) => ledger.gaps.length),
    admitted: sum((ledger) => ledger.admitted),
    missing: sum((ledger) => ledger.missing(total)),
    problems: sum((ledger) => ledger.problemCount),
  }
}
