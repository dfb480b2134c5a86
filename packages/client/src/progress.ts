import type { StreamEvent } from './event.ts'

/** One event on its way through handlers and queues. */
export interface Step {
  readonly id: string
  /** Undefined for what moves only the place. */
  readonly event: StreamEvent | undefined
  /** How many still have to be done with it. */
  waiting: number
}

/** Knows up to which event everyone is done: queues may finish later than handlers. */
export class Progress {
  readonly #onHandled: (step: Step) => void
  readonly #steps: Step[] = []

  constructor(onHandled: (step: Step) => void) {
    this.#onHandled = onHandled
  }

  /** The next event in the order of the stream. One has to be done with it: whoever calls. */
  begin(id: string, event?: StreamEvent): Step {
    const step = { id, event, waiting: 1 }
    this.#steps.push(step)
    return step
  }

  /** One is done with it. */
  done(step: Step): void {
    step.waiting--
    while (this.#steps[0]?.waiting === 0) this.#onHandled(this.#steps.shift() as Step)
  }
}
