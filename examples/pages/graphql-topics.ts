// #region program
import { topicEvents, type Operation, type TopicEvent } from '@heartline/graphql'
import { createNodeHandler, type NodeHandler } from '@heartline/graphql/node'
import type { Hub } from '@heartline/hub'
import { GraphQLFloat, GraphQLString, type GraphQLFieldConfig, type GraphQLSchema } from 'graphql'

interface Context {
  readonly hub: Hub
  readonly operation: Operation
}

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
