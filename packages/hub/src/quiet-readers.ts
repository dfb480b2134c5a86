import type { CursorFrames } from './cursor-frames.ts'
import type { LogFollower } from './log-follower.ts'
import type { Subscriber } from './subscriber.ts'

/** Writes and looks between two turns of the event loop. */
const WRITES_PER_TURN = 256
const LOOKS_PER_TURN = 10_000

/**
 * Tells live readers for whom nothing came where they are, so that their place is not trimmed by
 * the traffic of others. A walk through all sessions, a part in each turn of the event loop.
 */
export class QuietReaders {
  readonly #sessions: Iterable<Subscriber>
  readonly #follower: LogFollower
  readonly #cursors: CursorFrames
  #walk: Iterator<Subscriber> | undefined
  /** Offsets below this one are old. */
  #before = 0

  constructor(sessions: Iterable<Subscriber>, follower: LogFollower, cursors: CursorFrames) {
    this.#sessions = sessions
    this.#follower = follower
    this.#cursors = cursors
  }

  /** Tells all whose place is older than the offset `before`. */
  tell(before: number): void {
    this.#before = before
    if (this.#walk !== undefined) return
    this.#walk = this.#sessions[Symbol.iterator]()
    this.#step()
  }

  readonly #step = (): void => {
    const { position } = this.#follower
    let writes = 0
    for (let looks = 0; looks < LOOKS_PER_TURN && writes < WRITES_PER_TURN; looks++) {
      const next = this.#walk?.next()
      if (next === undefined || next.done === true) {
        this.#walk = undefined
        return
      }
      const subscriber = next.value
      if (!this.#isQuiet(subscriber)) continue
      const { session } = subscriber
      subscriber.last = position
      session.writeFramed(this.#cursors.get(session.framing))
      writes++
    }
    setImmediate(this.#step)
  }

  /** True when it has everything up to the follower's position and may be told so now. */
  #isQuiet(subscriber: Subscriber): boolean {
    const { session, cohort, lastOffset } = subscriber
    if (lastOffset >= Math.min(this.#before, this.#follower.position.offset)) return false
    if (subscriber.at !== cohort.head || cohort.isMarked) return false
    return session.isOpen && !session.isBlocked
  }
}
