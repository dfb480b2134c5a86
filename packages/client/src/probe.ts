import type { Caller } from './caller.ts'
import type { Clock } from './clock.ts'
import { every } from './every.ts'
import { isEventStream } from './outcome.ts'

/** What it is made with. */
export interface ProbeSetup {
  readonly caller: Caller
  readonly clock: Clock
  readonly probeMs: number
  readonly healthyAfter: number
  readonly onHealthy: () => void
}

/** Asks the preferred server, while another one is in use, whether it is healthy again. */
export class Probe {
  readonly #setup: ProbeSetup
  #end: (() => void) | undefined

  constructor(setup: ProbeSetup) {
    this.#setup = setup
  }

  start(): void {
    if (this.#end !== undefined) return
    const { clock, probeMs, healthyAfter, onHealthy } = this.#setup
    let good = 0
    const end = every(clock, probeMs, async () => {
      good = (await this.#isHealthy()) ? good + 1 : 0
      // An answer to a question from before another start says nothing.
      if (good < healthyAfter || this.#end !== end) return
      this.stop()
      onHealthy()
    })
    this.#end = end
  }

  stop(): void {
    this.#end?.()
    this.#end = undefined
  }

  /**
   * A HEAD of the stream: a hub answers as it would to the reader, and opens none. A page that says
   * that a server is down, with a 200, is no stream.
   */
  #isHealthy(): Promise<boolean> {
    return this.#setup.caller.call({ endpoint: 0, read: isEventStream }).catch(() => false)
  }
}
