import { storyEvent, type TakenEvent } from './event.ts'

const KEPT_PROBLEMS = 5

export interface AccountOptions {
  /** False: each stream starts over from 1. */
  readonly remembers: boolean
  /** The id that event n must have; undefined where ids are the server's own affair. */
  readonly idOf?: ((n: number) => string) | undefined
  /** The client is known to lose the event in which its stream breaks. */
  readonly losesBrokenEvent?: boolean | undefined
}

/** The account of one reader: every event in order, once, unchanged. */
export class Account {
  /** The newest number, of the newest stream. */
  last = 0
  /** Times that the numbers began with 1. */
  beginnings = 0
  /** Events that a client lost as it is known to. */
  lost = 0
  /** The server said that there is no more. */
  isComplete = false
  readonly problems: string[] = []
  readonly #options: AccountOptions

  constructor(options: AccountOptions) {
    this.#options = options
  }

  take(event: TakenEvent): void {
    const { n } = event
    const startsOver = n === 1 && (!this.#options.remembers || this.last === 0)
    if (startsOver) this.beginnings++
    else if (this.#options.losesBrokenEvent === true && n === this.last + 2) this.lost++
    else if (n !== this.last + 1) this.problem(`${n} came after ${this.last}`)
    this.last = n
    this.#compare(event)
  }

  problem(words: string): void {
    if (this.problems.length < KEPT_PROBLEMS) this.problems.push(words)
  }

  #compare({ n, type, data, id }: TakenEvent): void {
    const expected = storyEvent(n)
    if (type !== expected.type) this.problem(`${n} came as ${type}, not as ${expected.type}`)
    if (data !== expected.data)
      this.problem(`the data of ${n} was changed: ${JSON.stringify(data)}`)
    const { idOf, remembers } = this.#options
    if (idOf !== undefined && id !== idOf(n)) this.problem(`${n} came with the id '${id}'`)
    if (remembers && id === '') this.problem(`${n} came without an id`)
  }
}
