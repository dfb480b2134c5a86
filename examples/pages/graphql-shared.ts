import type { Broker } from '@heartline/broker'
import { createNodeHandler, type NodeHandler } from '@heartline/graphql/node'
import type { GraphQLSchema } from 'graphql'

interface Shared {
  readonly broker: Broker
  readonly secret: string
}

export function create(schema: GraphQLSchema, { broker, secret }: Shared): NodeHandler {
  // #region shared
  const handler = createNodeHandler({ schema, singleConnection: { broker, secret } })
  // #endregion
  return handler
}
