import type { Clock } from './clock.ts'
import type { RequestSource } from './request.ts'
import type { RequestContext } from './stream-request.ts'

/** What it is made with. */
export interface AcknowledgerSetup {
  readonly source: RequestSource
  readonly fetch: typeof fetch
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
  #url: string | undefined
  #context: RequestContext | undefined
  #rttMs: number | undefined
  #timer: unknown

  constructor(setup: AcknowledgerSetup) {
    this.#setup = setup
  }

  /** The round-trip time of the last acknowledgement; undefined before there was one. */
  get rttMs(): number | undefined {
    return this.#rttMs
  }

  /** A stream is open. Nothing is sent to servers that named no session or send no heartbeats. */
  opened(response: Response, heartbeatMs: number, context: RequestContext): void {
    this.stop()
    const session = response.headers.get('Heartline-Session')
    const [base, end] = response.url.split(/\/events(?=$|[?#])/)
    if (session === null || heartbeatMs === 0 || end === undefined) return
    this.#url = `${base}/sessions/${encodeURIComponent(session)}/ack`
    this.#context = { ...context, refresh: false }
    this.#schedule(heartbeatMs)
  }

  stop(): void {
    this.#url = undefined
    this.#setup.clock.clearTimer(this.#timer)
  }

  #schedule(heartbeatMs: number): void {
    this.#timer = this.#setup.clock.setTimer(() => {
      const url = this.#url
      if (url === undefined) return
      this.#schedule(heartbeatMs)
      void this.#send(url)
    }, heartbeatMs)
  }

  /** Never rejects: a stream that lives needs no acknowledgement to go on. */
  async #send(url: string): Promise<void> {
    const { source, fetch, clock, handled } = this.#setup
    const place = handled()
    const cursor = CURSOR.test(place) ? place : undefined
    try {
      const headers = await source.headers(this.#context as RequestContext)
      headers.set('Content-Type', 'application/json')
      const body = JSON.stringify({ cursor, rttMs: this.#rttMs })
      const sentAt = clock.now()
      const response = await fetch(url, { method: 'POST', headers, body })
      this.#rttMs = Math.min(Math.max(clock.now() - sentAt, 0), MOST_RTT_MS)
      // The session is not there, or not ours: the answer will not change.
      if (response.status >= 400 && response.status < 500 && this.#url === url) this.stop()
      await response.body?.cancel()
    } catch {
      // The watchdog of the stream is who judges the network.
    }
  }
}
