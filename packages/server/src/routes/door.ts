import { toProblem, type Subscription } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import type { Grant } from '../auth/grant.ts'
import type { DoorAnswer } from '../door/answer.ts'
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

/** Parameters of a stream that the door knows. Tickets work once: too early a try would use them up. */
const READER_QUERY = new Set(['topic', 'lastEventId', 'since'])

/** The stream and publishing for requests that did not come through node:http. */
export class EventsAtDoor implements DoorRoutes {
  readonly #services: Services
  readonly #entrance: Entrance
  readonly #report: RequestReport

  constructor(services: Services, entrance: Entrance) {
    this.#services = services
    this.#entrance = entrance
    this.#report = new RequestReport(services)
  }

  authenticate(request: DoorRequest): Grant | Promise<Grant> {
    this.#entrance.guard(request)
    const { query } = request
    for (const name of query.keys()) {
      if (!READER_QUERY.has(name)) throw new HeartlineError(serverErrors.notFound)
    }
    const authorization = request.header('authorization')
    return this.#services.authenticator.grantFor({ authorization, query })
  }

  admit(request: DoorRequest, grant: Grant): Subscription {
    return admitReader(request, grant, this.#services)
  }

  open({ request, subscription, socket, onFree }: StreamOpening): void {
    const startedAt = performance.now()
    try {
      const headers = this.#entrance.headersFor(request)
      this.#services.hub.openSocket(socket, subscription, { headers, onFree })
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
    const { hub, metrics, config } = this.#services
    requireType(request, ['application/json'])
    const { maxBodyBytes } = config.limits
    if (body.length > maxBodyBytes) {
      throw new HeartlineError(serverErrors.bodyTooLarge, { maxBytes: maxBodyBytes })
    }
    const json = parseJson(decodeUtf8(body))
    const publication = new Publication(json, request.header('idempotency-key'))
    const events = hub.prepare(publication.events, grant.publish)
    metrics.countAtDoor('publish')
    const counted = (answer: DoorAnswer): DoorAnswer => {
      this.#report.answered({ method: 'POST', route: DOOR_PATH, status: answer.status, startedAt })
      return answer
    }
    return hub.store(events).then(
      (results) => counted(this.#stored(request, publication.answer(results))),
      (error: unknown) => counted(this.#failed(request, publication.refusal(error))),
    )
  }

  handedOver(): void {
    this.#services.metrics.countAtDoor('handed-over')
  }

  #stored(request: DoorRequest, answer: { status: number; body: unknown }): DoorAnswer {
    const headers = { ...this.#entrance.headersFor(request), ...JSON_HEADERS }
    return { status: answer.status, headers, body: JSON.stringify(answer.body) }
  }

  #failed(request: DoorRequest, error: unknown): DoorAnswer {
    this.#report.failed(request.method, error)
    const problem = toProblem(error)
    const headers = {
      ...this.#entrance.headersFor(request),
      ...problemHeaders(problem, this.#services.random),
    }
    return { status: problem.status, headers, body: JSON.stringify(problem) }
  }
}
