/** What replays may do between two turns of the event loop: so many steps, so many bytes. */
const STEPS_PER_TURN = 12
const BYTES_PER_TURN = 262_144
/** What a page costs that is looked at for one reader alone: as much as sending its bytes. */
export const PAGE_COST: number = 262_144

/** Something that goes on in steps. */
export interface Paced {
  /** Takes the next step. Answers what it cost, in bytes handed over. Must not throw. */
  advance(): number
}

/**
 * Lets replays take turns: what is in memory is read without a wait, so ten thousand readers that
 * come back at once would hold the event loop until all of them are served, and with it everyone
 * who is live.
 */
export class Pacer {
  /** Hold what was read for them: they go first, so that little of it is held. */
  readonly #ready: Line = new Line()
  readonly #waiting: Line = new Line()
  readonly #urgent: () => void
  #isArmed = false

  /** @param urgent What goes before the steps of a turn: the events of those who are live. */
  constructor(urgent: () => void = () => {}) {
    this.#urgent = urgent
  }

  /** Lets it take a step in a later turn of the event loop, in the order of the calls. */
  add(paced: Paced): void {
    this.#waiting.push(paced)
    this.#arm()
  }

  /** The same before all that hold nothing. */
  addReady(paced: Paced): void {
    this.#ready.push(paced)
    this.#arm()
  }

  /** Resolves in a later turn of the event loop, for what costs about a page. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.add({
        advance() {
          resolve()
          return PAGE_COST
        },
      })
    })
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    setImmediate(this.#release)
  }

  readonly #release = (): void => {
    this.#urgent()
    let bytes = BYTES_PER_TURN
    // What is added meanwhile has its turn in a later one.
    let steps = Math.min(STEPS_PER_TURN, this.#ready.length + this.#waiting.length)
    for (; steps > 0 && bytes > 0; steps--) {
      const paced = this.#ready.shift() ?? this.#waiting.shift()
      bytes -= paced?.advance() ?? 0
    }
    this.#isArmed = false
    if (this.#ready.length + this.#waiting.length > 0) this.#arm()
  }
}

/** First in, first out. */
class Line {
  #items: (Paced | undefined)[] = []
  #next = 0

  get length(): number {
    return this.#items.length - this.#next
  }

  push(paced: Paced): void {
    this.#items.push(paced)
  }

  shift(): Paced | undefined {
    const paced = this.#items[this.#next]
    if (paced === undefined) return undefined
    this.#items[this.#next] = undefined
    this.#next++
    // Each is moved once at most, when half of what is held is gone.
    if (this.#next * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#next)
      this.#next = 0
    }
    return paced
  }
}
