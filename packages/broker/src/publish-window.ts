import type { Position } from './broker.ts'

const FIRST_CAPACITY = 256

/**
 * The publish ids of the idempotency window and the positions they were given.
 *
 * Bounded twice: by age, and by count, because ids come from publishers and a flood of them must
 * not take the memory. Beyond the count the oldest id is forgotten before its time. An id costs its
 * text, one map entry and two numbers in arrays: no object of its own.
 */
export class PublishWindow {
  readonly #windowMs: number
  readonly #maxIds: number
  /** From id to its serial number: the first id ever remembered is 0. */
  readonly #serials = new Map<string, number>()
  /** A ring in the order of age. Taking a Map's first key again and again scans its deleted slots. */
  #ids: (string | undefined)[] = []
  #ms: Float64Array = new Float64Array(0)
  #offsets: Float64Array = new Float64Array(0)
  #oldest = 0
  #next = 0

  constructor(windowMs: number, maxIds: number) {
    this.#windowMs = windowMs
    this.#maxIds = maxIds
  }

  get size(): number {
    return this.#next - this.#oldest
  }

  /** The position of the oldest id that is remembered. */
  get oldest(): Position | undefined {
    return this.size === 0 ? undefined : this.#positionAt(this.#oldest)
  }

  /** The position that this id was given first, if it is still remembered. */
  find(id: string): Position | undefined {
    const serial = this.#serials.get(id)
    return serial === undefined ? undefined : this.#positionAt(serial)
  }

  /** Remembers an id. Ids must come in order of `position.ms`. */
  add(id: string, position: Position): void {
    if (this.size === this.#ids.length) this.#grow()
    const slot = this.#next % this.#ids.length
    this.#ids[slot] = id
    this.#ms[slot] = position.ms
    this.#offsets[slot] = position.offset
    this.#serials.set(id, this.#next)
    this.#next++
    if (this.size > this.#maxIds) this.#forgetOldest()
  }

  /** Forgets what is older than the window at `nowMs`. */
  expire(nowMs: number): void {
    while (this.size > 0) {
      const ms = this.#ms[this.#oldest % this.#ids.length] ?? 0
      if (nowMs - ms <= this.#windowMs) return
      this.#forgetOldest()
    }
  }

  clear(): void {
    this.#serials.clear()
    this.#ids = []
    this.#oldest = 0
    this.#next = 0
  }

  #positionAt(serial: number): Position {
    const slot = serial % this.#ids.length
    return { ms: this.#ms[slot] ?? 0, offset: this.#offsets[slot] ?? 0 }
  }

  #forgetOldest(): void {
    const slot = this.#oldest % this.#ids.length
    const id = this.#ids[slot] ?? ''
    // An id that was forgotten before its time may have been given a second position since.
    if (this.#serials.get(id) === this.#oldest) this.#serials.delete(id)
    this.#ids[slot] = undefined
    this.#oldest++
  }

  #grow(): void {
    const { size } = this
    const capacity = Math.max(FIRST_CAPACITY, size * 2)
    const ids: (string | undefined)[] = Array.from({ length: capacity })
    const ms = new Float64Array(capacity)
    const offsets = new Float64Array(capacity)
    for (let serial = this.#oldest; serial < this.#next; serial++) {
      const from = serial % this.#ids.length
      const to = serial % capacity
      ids[to] = this.#ids[from]
      ms[to] = this.#ms[from] ?? 0
      offsets[to] = this.#offsets[from] ?? 0
    }
    this.#ids = ids
    this.#ms = ms
    this.#offsets = offsets
  }
}
