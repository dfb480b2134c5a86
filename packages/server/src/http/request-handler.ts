import type { IncomingMessage, ServerResponse } from 'node:http'
import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import { Cors } from './cors.ts'
import { guardDevelopment } from './development-guard.ts'
import { Exchange } from './exchange.ts'
import type { Route, Services } from './route.ts'
import { handlerOf, methodsOf, Router } from './router.ts'

/** Label of requests that fit no route: a path of a scanner must not become a metric. */
const NO_ROUTE = 'none'
/** No status of HTTP, but what proxies log for a client that left before it was answered. */
const CLIENT_LEFT = 499

/** Takes each request to its route and turns what is thrown into a problem document. */
export class RequestHandler {
  readonly #services: Services
  readonly #router: Router
  readonly #cors: Cors

  constructor(services: Services, routes: readonly Route[]) {
    this.#services = services
    this.#router = new Router(routes)
    this.#cors = new Cors(services.config.cors, services.authenticator.isDevelopment)
  }

  /** Never rejects. */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    awaitsContinue = false,
  ): Promise<void> {
    const startedAt = performance.now()
    const exchange = new Exchange(request, response, this.#services.random)
    exchange.awaitsContinue = awaitsContinue
    response.on('error', ignore)
    let route = NO_ROUTE
    try {
      this.#begin(exchange)
      const match = this.#router.find(exchange.path)
      route = match?.route.path ?? route
      exchange.parameters = match?.parameters ?? {}
      await this.#dispatch(exchange, match?.route)
    } catch (error) {
      this.#fail(exchange, error)
    }
    this.#report(exchange, route, performance.now() - startedAt)
  }

  #begin(exchange: Exchange): void {
    if (this.#services.authenticator.isDevelopment) {
      exchange.response.setHeader('Heartline-Mode', 'development')
      this.#cors.apply(exchange)
      guardDevelopment(exchange, this.#cors)
    } else {
      this.#cors.apply(exchange)
    }
  }

  async #dispatch(exchange: Exchange, route: Route | undefined): Promise<void> {
    if (route === undefined) throw new HeartlineError(serverErrors.notFound)
    if (exchange.method === 'OPTIONS') {
      this.#cors.preflight(exchange, methodsOf(route))
      return
    }
    const handler = handlerOf(route, exchange.method)
    if (handler === undefined) {
      const allow = methodsOf(route).join(', ')
      throw new HeartlineError(serverErrors.methodNotAllowed, { allow })
    }
    await handler(exchange, this.#services)
  }

  #fail(exchange: Exchange, error: unknown): void {
    const { log } = this.#services
    const { method } = exchange
    if (!(error instanceof HeartlineError)) {
      log.error({ err: error, method }, 'A request failed')
    } else if (error.cause !== undefined && error.fault === 'server') {
      log.warn({ err: error.cause, code: error.code }, 'A request could not be answered')
    }
    exchange.sendError(error)
  }

  /** No path, query or header: they may hold tickets, topics and tokens. */
  #report(exchange: Exchange, route: string, durationMs: number): void {
    const { method, response } = exchange
    const status = response.headersSent ? response.statusCode : CLIENT_LEFT
    this.#services.metrics.countRequest({ route, method: knownMethod(method), status })
    const fields = { method, route, status, durationMs: Math.round(durationMs * 10) / 10 }
    this.#services.log.debug(fields, 'Request')
  }
}

function knownMethod(method: string): string {
  return ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'].includes(method) ? method : 'other'
}

/** A client that leaves while it is answered is told by the session or not at all. */
function ignore(): void {}
