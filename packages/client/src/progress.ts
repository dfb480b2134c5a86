/** One event on its way through handlers and queues. */
export interface Step {
  readonly id: string
  /** How many still have to be done with it. */
  waiting: number
}

/** Knows up to which event everyone is done: queues may finish later than handlers. */
export class Progress {
  readonly #onHandled: (id: string) => void
  readonly #steps: Step[] = []

  constructor(onHandled: (id: string) => void) {
    this.#onHandled = onHandled
  }

  /** The next event in the order of the stream. One has to be done with it: whoever calls. */
  begin(id: string): Step {
    const step = { id, waiting: 1 }
    this.#steps.push(step)
    return step
  }

  /** One is done with it. */
  done(step: Step): void {
    step.waiting--
    let handled: string | undefined
    while (this.#steps[0]?.waiting === 0) handled = this.#steps.shift()?.id
    if (handled !== undefined) this.#onHandled(handled)
  }
}
