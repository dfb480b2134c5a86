import type { Position } from './broker.ts'
import { Deque } from './internal/deque.ts'

interface Remembered {
  readonly id: string
  readonly position: Position
}

/**
 * The publish ids of the idempotency window and the positions they were given.
 *
 * Bounded twice: by age, and by count, because ids come from publishers and a flood of them must
 * not take the memory. Beyond the count the oldest id is forgotten before its time.
 */
export class PublishWindow {
  readonly #windowMs: number
  readonly #maxIds: number
  readonly #positions = new Map<string, Position>()
  // The order of age. Taking a Map's first key again and again scans its deleted slots.
  readonly #order = new Deque<Remembered>()

  constructor(windowMs: number, maxIds: number) {
    this.#windowMs = windowMs
    this.#maxIds = maxIds
  }

  get size(): number {
    return this.#order.length
  }

  /** The position of the oldest id that is remembered. */
  get oldest(): Position | undefined {
    return this.#order.at(0)?.position
  }

  /** The position that this id was given first, if it is still remembered. */
  find(id: string): Position | undefined {
    return this.#positions.get(id)
  }

  /** Remembers an id. Ids must come in order of `position.ms`. */
  add(id: string, position: Position): void {
    this.#positions.set(id, position)
    this.#order.push({ id, position })
    if (this.#order.length > this.#maxIds) this.#forgetOldest()
  }

  /** Forgets what is older than the window at `nowMs`. */
  expire(nowMs: number): void {
    for (;;) {
      const oldest = this.#order.at(0)
      if (oldest === undefined || nowMs - oldest.position.ms <= this.#windowMs) return
      this.#forgetOldest()
    }
  }

  clear(): void {
    this.#positions.clear()
    this.#order.clear()
  }

  #forgetOldest(): void {
    const oldest = this.#order.shift()
    if (oldest === undefined) return
    // An id that was forgotten before its time may have been given a second position since.
    const isCurrent = this.#positions.get(oldest.id)?.offset === oldest.position.offset
    if (isCurrent) this.#positions.delete(oldest.id)
  }
}
