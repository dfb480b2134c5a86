import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import type { Route } from '../http/route.ts'

/** `POST /v1/tickets`: exchanges a token for a single-use ticket. */
export const ticketsRoute: Route = {
  path: '/v1/tickets',
  async POST(exchange, { authenticator, tickets }) {
    const { query } = exchange
    const authorization = exchange.header('authorization')
    // A ticket for anonymous reading is worth nothing and would let anybody fill the store.
    if (authorization === undefined && !authenticator.isDevelopment) {
      throw new HeartlineError(serverErrors.authRequired)
    }
    const grant = await authenticator.authenticate({ authorization, query })
    exchange.sendJson(201, await tickets.issue(grant))
  },
}
