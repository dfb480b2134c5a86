import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createMemoryBroker, type Broker } from '@heartline/broker'
import { topicEvents, type Operation, type TopicEvent } from '@heartline/graphql'
import { createNodeHandler, type NodeHandler } from '@heartline/graphql/node'
import { createHub, type Hub } from '@heartline/hub'
import { GraphQLFloat, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'

interface Context {
  readonly hub: Hub
  readonly operation: Operation
}

const symbol = { type: GraphQLString }

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: { hello: { type: GraphQLString, resolve: () => 'Hello' } },
  }),
  mutation: new GraphQLObjectType({
    name: 'Mutation',
    fields: {
      setPrice: {
        type: GraphQLFloat,
        args: { symbol, price: { type: GraphQLFloat } },
        resolve: async (_, args, { hub }: Context) => {
          await hub.publish([{ topic: `prices/${args.symbol}`, data: args.price }])
          return args.price
        },
      },
    },
  }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      price: {
        type: GraphQLFloat,
        args: { symbol },
        subscribe: (_, args, { hub, operation }: Context) =>
          topicEvents(hub, { selectors: [`prices/${args.symbol}`], operation }),
        resolve: (event: TopicEvent) => event.data,
      },
    },
  }),
})

/** Prices with GraphQL. Two of them with one broker and one secret are one service. */
export class PriceApi {
  readonly handler: NodeHandler
  readonly #hub: Hub
  readonly #server: Server

  constructor(hub: Hub, handler: NodeHandler) {
    this.#hub = hub
    this.handler = handler
    this.#server = createServer((request, response) => void handler(request, response))
  }

  static async start(broker: Broker = createMemoryBroker(), port = 0): Promise<PriceApi> {
    const hub = await createHub({ broker })
    const handler = createNodeHandler<Context>({
      schema,
      context: (_request, operation) => ({ hub, operation }),
      singleConnection: { broker, secret: 'shared by all processes, and kept secret' },
    })
    const api = new PriceApi(hub, handler)
    await new Promise<void>((resolve) => api.#server.listen(port, '127.0.0.1', resolve))
    return api
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/graphql`
  }

  /** Cuts every connection, as a network does. */
  cut(): void {
    this.#server.closeAllConnections()
  }

  /** Sends the readers away, then ends. */
  async stop(): Promise<void> {
    this.handler.drain()
    await this.#hub.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
