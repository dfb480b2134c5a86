import type { Caller } from './caller.ts'
import type { Clock } from './clock.ts'
import { every } from './every.ts'
import { isPassing } from './outcome.ts'

/** What it is made with. */
export interface AcknowledgerSetup {
  readonly caller: Caller
  readonly clock: Clock
  /** The place that the handlers are done with. */
  readonly handled: () => string
}

const CURSOR = /^1\./
/** The hub refuses more, which a sleep of the machine can pretend. */
const MOST_RTT_MS = 3_600_000

/**
 * The client's half of the two-way heartbeat: tells a Heartline hub in each interval that it is
 * there, how far it came, and how long the last such message took.
 */
export class Acknowledger {
  readonly #setup: AcknowledgerSetup
  #rttMs: number | undefined
  #end: (() => void) | undefined

  constructor(setup: AcknowledgerSetup) {
    this.#setup = setup
  }

  /** The round-trip time of the last acknowledgement; undefined before there was one. */
  get rttMs(): number | undefined {
    return this.#rttMs
  }

  /** A stream is open. Nothing is sent to servers that named no session or send no heartbeats. */
  opened(response: Response, heartbeatMs: number, endpoint: number): void {
    this.stop()
    const session = response.headers.get('Heartline-Session')
    const [base, rest] = response.url.split(/\/events(?=$|[?#])/)
    // What a redirect led to may be another origin, for which the token is not.
    const isOwn = session !== null && !response.redirected
    if (!isOwn || heartbeatMs === 0 || rest === undefined) return
    const url = `${base}/sessions/${encodeURIComponent(session)}/ack`
    const end = every(this.#setup.clock, heartbeatMs, async () => {
      // What fails is the business of the watchdog: a stream that lives goes on without.
      const status = await this.#send(url, endpoint).catch(() => 0)
      // The session is not there, or not ours: the answer will not change. A 429 is no such answer,
      // and who falls silent after it is taken for dead.
      if (status >= 400 && !isPassing(status)) end()
    })
    this.#end = end
  }

  stop(): void {
    this.#end?.()
  }

  #send(url: string, endpoint: number): Promise<number> {
    const { caller, handled } = this.#setup
    const place = handled()
    const cursor = CURSOR.test(place) ? place : undefined
    const body = JSON.stringify({ cursor, rttMs: this.#rttMs })
    const read = ({ status }: Response, ms: number): number => {
      this.#rttMs = Math.min(Math.max(ms, 0), MOST_RTT_MS)
      return status
    }
    return caller.call({ endpoint, url, body, read })
  }
}
