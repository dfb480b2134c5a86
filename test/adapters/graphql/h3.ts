import { createServer } from 'node:http'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import { createHandler, type Handler, type HandlerOptions } from '@heartline/graphql'
import { groupOf, type NodeRequest } from '@heartline/session'
import { H3, handleCors, toNodeHandler } from 'h3'
import { ORIGIN } from '../target.ts'
import { listen } from '../targets/listen.ts'
import type { GraphqlTarget } from './target.ts'

function create(options: HandlerOptions<unknown>): { app: H3; graphql: Handler } {
  const app = new H3({ silent: true })
  app.use((event) => {
    const answered = handleCors(event, { origin: [ORIGIN] })
    return answered === false ? undefined : answered
  })
  const graphql = createHandler(options as HandlerOptions<Request>)
  // #region mount
  app.all('/graphql', (event) =>
    graphql(event.req, { monitor: groupOf(event.runtime?.node?.req as NodeRequest) }),
  )
  // #endregion
  return { app, graphql }
}

export const h3Targets: readonly GraphqlTarget[] = [
  {
    name: 'h3',
    http: 1,
    start: async (options) => {
      const { app, graphql } = create(options)
      return { graphql, ...(await listen(createServer(toNodeHandler(app) as never))) }
    },
  },
  {
    name: 'h3',
    http: 2,
    start: async (options) => {
      const { app, graphql } = create(options)
      const server = http2.createServer(toNodeHandler(app) as never) as unknown as Server
      return { graphql, ...(await listen(server)) }
    },
  },
]
