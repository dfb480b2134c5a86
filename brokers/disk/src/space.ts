import { statfs } from 'node:fs/promises'

/** How long an answer about a full disk is good for. */
const FULL_FOR_MS = 50
/** How long, and for how many written bytes, an answer about a disk with room is good for. */
const ROOM_FOR_MS = 1_000

/** Looks at the free space of the store's disk before it runs out. */
export class SpaceGuard {
  readonly #directory: string
  readonly #reserveBytes: number
  #freeBytes = Infinity
  #isFull = false
  #lookedAt = -Infinity
  #written = 0

  constructor(directory: string, reserveBytes: number) {
    this.#directory = directory
    this.#reserveBytes = reserveBytes
  }

  get freeBytes(): number {
    return this.#freeBytes
  }

  get reserveBytes(): number {
    return this.#reserveBytes
  }

  /** Whether a write of so many bytes would use the reserve. */
  async isFull(bytes: number): Promise<boolean> {
    if (this.#reserveBytes === 0) return false
    if (this.#isOld(bytes)) await this.look()
    // Once full, an eighth more must be free: or each file the engine tidies flips the answer.
    const needed = this.#isFull ? this.#reserveBytes * 1.125 : this.#reserveBytes
    this.#isFull = this.#freeBytes - this.#written - bytes < needed
    return this.#isFull
  }

  /** Counts what was written since the last look. */
  wrote(bytes: number): void {
    this.#written += bytes
  }

  /** Asks the system for the free bytes. */
  async look(): Promise<number> {
    try {
      const { bavail, bsize } = await statfs(this.#directory)
      this.#freeBytes = bavail * bsize
      this.#written = 0
    } catch {
      // A system that does not tell must not stop appends: a write that fails says so itself.
    }
    this.#lookedAt = performance.now()
    return this.#freeBytes
  }

  #isOld(bytes: number): boolean {
    const left = this.#freeBytes - this.#written - bytes - this.#reserveBytes
    // Close to the reserve the engine's own files count too: look again after half of the rest.
    const goodFor = left < 0 ? FULL_FOR_MS : ROOM_FOR_MS
    return performance.now() - this.#lookedAt > goodFor || this.#written > Math.max(0, left) / 2
  }
}
