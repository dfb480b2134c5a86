import type { Route } from '../http/route.ts'

const LIMIT = { min: 1, max: 1000, default: 100 }

/** `GET /v1/history`: a page of the log. */
export const historyRoute: Route = {
  path: '/v1/history',
  async GET(exchange, { hub, authenticator }) {
    const { query } = exchange
    const authorization = exchange.header('authorization')
    const grant = await authenticator.authenticate({ authorization, query })
    const page = await hub.history({
      selectors: query.getAll('topic'),
      rights: grant.subscribe,
      anonymous: grant.anonymous,
      after: query.get('after') || undefined,
      limit: exchange.integer('limit', LIMIT),
    })
    exchange.sendJson(200, page)
  },
}
