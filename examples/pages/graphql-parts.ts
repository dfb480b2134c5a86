import type { Broker } from '@heartline/broker'
import { topicEvents, type Operation, type TopicEvent } from '@heartline/graphql'
import { createNodeHandler, type NodeHandler } from '@heartline/graphql/node'
import type { Hub } from '@heartline/hub'
import { GraphQLFloat, GraphQLString, type GraphQLFieldConfig, type GraphQLSchema } from 'graphql'

export function serveBehindBalancer(
  schema: GraphQLSchema,
  { broker, secret }: { readonly broker: Broker; readonly secret: string },
): NodeHandler {
  // #region shared
  const handler = createNodeHandler({ schema, singleConnection: { broker, secret } })
  // #endregion
  return handler
}

interface Context {
  readonly hub: Hub
  readonly operation: Operation
}

// #region topics
/** A field of the type `Subscription`. */
export const price: GraphQLFieldConfig<unknown, Context> = {
  type: GraphQLFloat,
  args: { symbol: { type: GraphQLString } },
  subscribe: (_, { symbol }, { hub, operation }) =>
    topicEvents(hub, { selectors: [`prices/${symbol}`], operation }),
  resolve: (event) => (event as TopicEvent).data,
}

export const createPriceHandler = (schema: GraphQLSchema, hub: Hub): NodeHandler =>
  createNodeHandler<Context>({ schema, context: (_request, operation) => ({ hub, operation }) })
// #endregion
