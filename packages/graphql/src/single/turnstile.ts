/** Lets one through after the other, for each key: what is counted first is still true after. */
export class Turnstile {
  readonly #last = new Map<string, Promise<unknown>>()

  pass<Value>(key: string, work: () => Promise<Value>): Promise<Value> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const turn = before.then(work, work)
    this.#last.set(key, turn)
    const leave = (): void => {
      if (this.#last.get(key) === turn) this.#last.delete(key)
    }
    turn.then(leave, leave)
    return turn
  }
}
