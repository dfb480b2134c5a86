import { createNodeHandler, type NodeHandler } from '@heartline/graphql/node'
import type { SessionMonitor } from '@heartline/session'
import type { Express } from 'express'
import type { GraphQLSchema } from 'graphql'

interface Parts {
  readonly app: Express
  readonly schema: GraphQLSchema
  readonly register: { metrics(): Promise<string> }
  readonly monitorOf: (name: string) => SessionMonitor
  readonly watchGraphql: (graphql: Pick<NodeHandler, 'stats'>) => void
}

export function mount({ app, schema, register, monitorOf, watchGraphql }: Parts): void {
  // #region mount
  const graphql = createNodeHandler({ schema, stream: { monitor: monitorOf('graphql') } })
  watchGraphql(graphql)
  app.use('/graphql', (request, response) => graphql(request, response))
  app.get('/metrics', async (_request, response) => {
    response.type('text/plain').send(await register.metrics())
  })
  // #endregion
}
