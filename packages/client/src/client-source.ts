import type { HeartlineError } from '@heartline/wire'
import type { Clock } from './clock.ts'
import { Endpoints } from './endpoints.ts'
import type { Outcome } from './outcome.ts'
import type { RequestSource } from './request.ts'
import type { PreparedRequest, RequestContext, Resume, StreamSource } from './stream-request.ts'

/** What it is made with. */
export interface ClientSourceSetup {
  readonly source: RequestSource
  readonly failOverAfter: number
  readonly clock: Clock
  /** The server does not know the place: the next request goes without one. */
  onPlaceLost(): void
}

/** The requests of a client's stream: which server is asked, and when for a new token. */
export class ClientSource implements StreamSource {
  readonly #setup: ClientSourceSetup
  readonly #endpoints: Endpoints
  #context: RequestContext | undefined
  #requests = 0
  #refresh = false
  #hasRefreshed = false

  constructor(setup: ClientSourceSetup) {
    this.#setup = setup
    this.#endpoints = new Endpoints(setup.source.endpoints, setup)
  }

  /** Which of the endpoints is asked. */
  get endpoint(): number {
    return this.#endpoints.index
  }

  get restMs(): number {
    return this.#endpoints.restMs
  }

  async prepare(resume: Resume): Promise<PreparedRequest> {
    const { endpoint } = this
    this.#context = { ...resume, attempt: ++this.#requests, endpoint, refresh: this.#refresh }
    const prepared = await this.#setup.source.prepare(this.#context)
    // Whoever could not give a new token is asked for one again.
    this.#refresh = false
    return prepared
  }

  onOpen(): void {
    this.#hasRefreshed = false
  }

  onEnd(outcome: Outcome, hasWorked: boolean): HeartlineError | undefined {
    const { verdict, isClean, retryAfterMs = 0 } = outcome
    const stopReason = this.#whyStop(outcome)
    if (stopReason !== undefined) return stopReason
    if (verdict === 'restart') this.#setup.onPlaceLost()
    if (verdict === 'refresh') this.#refresh = this.#hasRefreshed = true
    this.#endpoints.rest(retryAfterMs)
    if (isClean === true || hasWorked) this.#endpoints.worked()
    if (isClean !== true && verdict === 'retry') this.#endpoints.failed()
    return undefined
  }

  /** The next request asks for a new token: this one will be refused. */
  expire(): void {
    this.#refresh = true
  }

  /** Moves to the preferred endpoint, which is healthy again. */
  prefer(): void {
    this.#endpoints.prefer()
  }

  #whyStop({ verdict, error }: Outcome): HeartlineError | undefined {
    const { source } = this.#setup
    if (verdict === 'refresh') return this.#hasRefreshed || !source.canRefresh ? error : undefined
    if (verdict === 'restart') return this.#context?.lastEventId === '' ? error : undefined
    return source.whyOnce(error)
  }
}
