import type { IncomingMessage, ServerResponse } from 'node:http'
import type { OpenResponseExtra } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import type { Entrance } from './entrance.ts'
import { Exchange } from './exchange.ts'
import { RequestReport } from './request-report.ts'
import type { Route, Services } from './route.ts'
import { handlerOf, methodsOf, Router } from './router.ts'

/** Label of requests that fit no route: a path of a scanner must not become a metric. */
const NO_ROUTE = 'none'
/** No status of HTTP, but what proxies log for a client that left before it was answered. */
const CLIENT_LEFT = 499

/** What the listener knows of a request. */
export interface Arrival {
  /** The client sent `Expect: 100-continue`. Default false. */
  readonly awaitsContinue?: boolean | undefined
  /** For the session that is made of it, if it is a stream. Default: nothing. */
  readonly streamExtra?: OpenResponseExtra | undefined
}

/** Takes each request to its route and turns what is thrown into a problem document. */
export class RequestHandler {
  readonly #services: Services
  readonly #router: Router
  readonly #entrance: Entrance
  readonly #report: RequestReport

  constructor(services: Services, entrance: Entrance, routes: readonly Route[]) {
    this.#services = services
    this.#router = new Router(routes)
    this.#entrance = entrance
    this.#report = new RequestReport(services)
  }

  /** Never rejects. */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    { awaitsContinue = false, streamExtra = {} }: Arrival = {},
  ): Promise<void> {
    const startedAt = performance.now()
    const exchange = new Exchange(request, response, this.#services.random)
    exchange.awaitsContinue = awaitsContinue
    exchange.streamExtra = streamExtra
    response.on('error', ignore)
    let route = NO_ROUTE
    try {
      this.#begin(exchange)
      const match = this.#router.find(exchange.path)
      route = match?.route.path ?? route
      exchange.parameters = match?.parameters ?? {}
      await this.#dispatch(exchange, match?.route)
    } catch (error) {
      this.#report.failed(exchange.method, error)
      exchange.sendError(error)
    }
    const status = response.headersSent ? response.statusCode : CLIENT_LEFT
    this.#report.answered({ method: exchange.method, route, status, startedAt })
  }

  #begin(exchange: Exchange): void {
    const headers = this.#entrance.headersFor(exchange.header('origin'))
    for (const [name, value] of Object.entries(headers)) exchange.response.setHeader(name, value)
    this.#entrance.guard(exchange)
  }

  async #dispatch(exchange: Exchange, route: Route | undefined): Promise<void> {
    if (route === undefined) throw new HeartlineError(serverErrors.notFound)
    if (exchange.method === 'OPTIONS') {
      this.#entrance.cors.preflight(exchange, methodsOf(route))
      return
    }
    const handler = handlerOf(route, exchange.method)
    if (handler === undefined) {
      const allow = methodsOf(route).join(', ')
      throw new HeartlineError(serverErrors.methodNotAllowed, { allow })
    }
    await handler(exchange, this.#services)
  }
}

/** A client that leaves while it is answered is told by the session or not at all. */
function ignore(): void {}
