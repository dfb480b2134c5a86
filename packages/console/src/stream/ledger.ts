import { covers, decodeCursor, isCursor, type Cursor } from '@heartline/wire'
import type { ReceivedEvent } from './state.ts'

/** What came in so far. */
export interface Counts {
  readonly events: number
  readonly duplicates: number
  readonly gaps: number
  readonly reconnects: number
  readonly heartbeats: number
}

/** Keeps the books of one page: counts, and whether an event came twice. */
export class Ledger {
  #counts: Counts = { events: 0, duplicates: 0, gaps: 0, reconnects: 0, heartbeats: 0 }
  #newest: Cursor | undefined

  get counts(): Counts {
    return this.#counts
  }

  /** Counts an event. False when the newest cursor covers it already, so it came twice. */
  event(event: ReceivedEvent): boolean {
    const cursor = read(event.cursor)
    const isDuplicate = cursor !== undefined && this.#covers(cursor)
    if (isDuplicate) {
      this.#count('duplicates')
      return false
    }
    this.#count('events')
    this.#newest = cursor ?? this.#newest
    return true
  }

  gap(cursor: string): void {
    this.#count('gaps')
    // After another life of the log began, or a roll-back, smaller offsets are new events.
    this.#newest = read(cursor)
  }

  reconnect(): void {
    this.#count('reconnects')
  }

  heartbeat(): void {
    this.#count('heartbeats')
  }

  /** Another selector: its past is not what was seen so far. The counts go on. */
  startOver(): void {
    this.#newest = undefined
  }

  #covers(cursor: Cursor): boolean {
    const newest = this.#newest
    if (newest === undefined) return false
    return [...cursor.positions].every(([log, position]) =>
      covers(newest, cursor.epoch, log, position),
    )
  }

  #count(name: keyof Counts): void {
    this.#counts = { ...this.#counts, [name]: this.#counts[name] + 1 }
  }
}

/** When the hub stored the event, in Unix milliseconds; undefined without a place in the log. */
export function storedAt(cursor: string): number | undefined {
  const positions = read(cursor)?.positions.values()
  return positions?.next().value?.ms
}

function read(cursor: string): Cursor | undefined {
  return isCursor(cursor) ? decodeCursor(cursor) : undefined
}
