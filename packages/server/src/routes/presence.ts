import { rightsCover } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import type { Route } from '../http/route.ts'

/** `GET /v1/presence`: who is on a topic now. */
export const presenceRoute: Route = {
  path: '/v1/presence',
  async GET(exchange, { peers, authenticator }) {
    const { query } = exchange
    const authorization = exchange.header('authorization')
    const grant = await authenticator.authenticate({ authorization, query })
    const topics = query.getAll('topic')
    const [topic] = topics
    if (topic === undefined || topics.length > 1) {
      throw new HeartlineError(serverErrors.queryInvalid, {
        name: 'topic',
        reason: 'give exactly one topic',
      })
    }
    // The right is checked first: the answer to a stranger tells nothing of the topic.
    if (!rightsCover(grant.presence, topic)) {
      throw new HeartlineError(serverErrors.presenceForbidden, { topic })
    }
    exchange.sendJson(200, { topic, ...(await peers.presence(topic)) })
  },
}
