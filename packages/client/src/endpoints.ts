import type { Clock } from './clock.ts'

/** How they are used. */
export interface EndpointsSetup {
  /** Failures in a row until it is the turn of another. */
  readonly failOverAfter: number
  readonly clock: Clock
}

/** A list of equal servers, the preferred one first, and which of them is in use. */
export class Endpoints {
  readonly #count: number
  readonly #setup: EndpointsSetup
  /** What each asked for last: to be left alone for so long, since then. */
  readonly #rests: { readonly ms: number; readonly since: number }[] = []
  #index = 0
  #failures = 0

  constructor(count: number, setup: EndpointsSetup) {
    this.#count = count
    this.#setup = setup
  }

  get index(): number {
    return this.#index
  }

  /** How long the one in use still wants to be left alone. */
  get restMs(): number {
    return this.#restOf(this.#index)
  }

  /** The one in use wants to be left alone for so long. */
  rest(ms: number): void {
    this.#rests[this.#index] = { ms, since: this.#setup.clock.now() }
  }

  /** It works: failures are counted from zero again. */
  worked(): void {
    this.#failures = 0
  }

  /** One failure of the one in use. It may be the turn of another: the first that may be asked. */
  failed(): void {
    if (++this.#failures < this.#setup.failOverAfter) return
    this.#failures = 0
    const from = this.#index
    for (let step = this.#count; step > 0; step--) {
      const index = (from + step) % this.#count
      if (this.#restOf(index) <= this.restMs) this.#index = index
    }
  }

  /** Back to the first, which has shown that it may be asked. */
  prefer(): void {
    this.#index = 0
    this.#failures = 0
    this.rest(0)
  }

  #restOf(index: number): number {
    const rest = this.#rests[index]
    if (rest === undefined) return 0
    // Whoever sets the clock back does not make it longer.
    return Math.max(0, Math.min(rest.ms, rest.since + rest.ms - this.#setup.clock.now()))
  }
}
