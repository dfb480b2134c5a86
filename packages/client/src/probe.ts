import type { Clock } from './clock.ts'
import type { RequestSource } from './request.ts'

/** What it is made with. */
export interface ProbeSetup {
  readonly source: RequestSource
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly everyMs: number
  readonly healthyAfter: number
  readonly timeoutMs: number
  onHealthy(): void
}

/** Asks the preferred server, while another one is in use, whether it is healthy again. */
export class Probe {
  readonly #setup: ProbeSetup
  #timer: unknown
  #good = 0
  #isOn = false
  /** Counts the starts: an answer to a question of an earlier one says nothing. */
  #round = 0

  constructor(setup: ProbeSetup) {
    this.#setup = setup
  }

  start(): void {
    if (this.#isOn) return
    this.#isOn = true
    this.#good = 0
    this.#round++
    this.#schedule()
  }

  stop(): void {
    this.#isOn = false
    this.#setup.clock.clearTimer(this.#timer)
  }

  #schedule(): void {
    this.#timer = this.#setup.clock.setTimer(() => void this.#ask(), this.#setup.everyMs)
  }

  async #ask(): Promise<void> {
    const round = this.#round
    const isGood = await this.#isHealthy()
    if (!this.#isOn || round !== this.#round) return
    this.#good = isGood ? this.#good + 1 : 0
    if (this.#good < this.#setup.healthyAfter) return this.#schedule()
    this.stop()
    this.#setup.onHealthy()
  }

  /** A HEAD of the stream: a hub answers as it would to the reader, and opens none. */
  async #isHealthy(): Promise<boolean> {
    const { source, fetch, clock, timeoutMs } = this.#setup
    const abort = new AbortController()
    const timer = clock.setTimer(() => abort.abort(), timeoutMs)
    const { signal } = abort
    try {
      const still = { lastEventId: '', refresh: false, silence: 0 }
      const context = { attempt: 1, endpoint: 0, ...still, signal }
      const url = await source.url(context)
      const headers = await source.headers(context)
      headers.set('Accept', 'text/event-stream')
      const { ok } = await fetch(url, { method: 'HEAD', headers, signal })
      return ok
    } catch {
      return false
    } finally {
      clock.clearTimer(timer)
    }
  }
}
