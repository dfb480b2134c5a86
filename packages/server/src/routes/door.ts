import { toProblem, type Subscription } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import type { Grant } from '../auth/grant.ts'
import { answerHead, type DoorAnswer } from '../door/answer.ts'
import { AnswerHeads } from '../door/answer-heads.ts'
import { DOOR_PATH, type DoorRequest } from '../door/door-request.ts'
import type { DoorRoutes, StreamOpening } from '../door/door-routes.ts'
import { serverErrors } from '../errors.ts'
import { decodeUtf8, requireType } from '../http/body.ts'
import type { Entrance } from '../http/entrance.ts'
import { JSON_HEADERS } from '../http/json-headers.ts'
import { parseJson } from '../http/json.ts'
import { problemHeaders } from '../http/problem.ts'
import { RequestReport } from '../http/request-report.ts'
import type { Services } from '../http/route.ts'
import { Publication } from './publication.ts'
import { admitReader } from './stream.ts'

const JSON_TYPES = ['application/json']

/** The stream and publishing for requests that did not come through node:http. */
export class EventsAtDoor implements DoorRoutes {
  readonly #services: Services
  readonly #entrance: Entrance
  readonly #report: RequestReport
  /** Of what was stored. */
  readonly #heads: AnswerHeads

  constructor(services: Services, entrance: Entrance) {
    this.#services = services
    this.#entrance = entrance
    this.#report = new RequestReport(services)
    this.#heads = new AnswerHeads((origin) => ({
      ...entrance.headersFor(origin),
      ...JSON_HEADERS,
    }))
  }

  authenticate(request: DoorRequest): Grant | Promise<Grant> {
    this.#entrance.guard(request)
    const { query } = request
    // It works once: a try that ends in a refusal must not use it up before node:http tries.
    if (query.has('ticket')) throw new HeartlineError(serverErrors.ticketInvalid)
    const authorization = request.header('authorization')
    return this.#services.authenticator.grantFor({ authorization, query })
  }

  admit(request: DoorRequest, grant: Grant): Subscription {
    return admitReader(request, grant, this.#services)
  }

  open({ request, subscription, socket, onFree, keeper }: StreamOpening): void {
    const startedAt = performance.now()
    try {
      const headers = this.#entrance.headersFor(request.header('origin'))
      this.#services.hub.openSocket(socket, subscription, { headers, onFree, keeper })
    } catch (error) {
      this.#report.failed(request.method, error)
      socket.destroy()
      return
    }
    this.#services.metrics.countAtDoor('stream')
    this.#report.answered({ method: 'GET', route: DOOR_PATH, status: 200, startedAt })
  }

  publish(request: DoorRequest, grant: Grant, body: Buffer): Promise<DoorAnswer> {
    const startedAt = performance.now()
    const { hub, metrics } = this.#services
    const publication = this.#read(request, body)
    const events = hub.prepare(publication.events, grant.publish)
    metrics.countAtDoor('publish')
    return hub.store(events).then(
      (results) => this.#stored(request, publication.answer(results), startedAt),
      (error: unknown) => this.#failed(request, publication.refusal(error), startedAt),
    )
  }

  handedOver(): void {
    this.#services.metrics.countAtDoor('handed-over')
  }

  #read(request: DoorRequest, body: Buffer): Publication {
    const { maxBodyBytes: maxBytes } = this.#services.config.limits
    requireType(request, JSON_TYPES)
    if (body.length > maxBytes) throw new HeartlineError(serverErrors.bodyTooLarge, { maxBytes })
    return new Publication(parseJson(decodeUtf8(body)), request.header('idempotency-key'))
  }

  #stored(
    request: DoorRequest,
    { status, body }: { readonly status: number; readonly body: unknown },
    startedAt: number,
  ): DoorAnswer {
    this.#report.answered({ method: 'POST', route: DOOR_PATH, status, startedAt })
    const head = this.#heads.find(status, request.header('origin'))
    return { head, body: JSON.stringify(body) }
  }

  #failed(request: DoorRequest, error: unknown, startedAt: number): DoorAnswer {
    const problem = toProblem(error)
    const { status } = problem
    this.#report.failed('POST', error)
    this.#report.answered({ method: 'POST', route: DOOR_PATH, status, startedAt })
    const headers = {
      ...this.#entrance.headersFor(request.header('origin')),
      ...problemHeaders(problem, this.#services.random),
    }
    return { head: answerHead(status, headers), body: JSON.stringify(problem) }
  }
}
