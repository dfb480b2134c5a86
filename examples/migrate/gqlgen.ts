import { createServer, type Server } from 'node:http'
import { subscribe } from '@heartline/graphql/client'
import { createNodeHandler } from '@heartline/graphql/node'
import type { GraphQLSchema } from 'graphql'

export function create(schema: GraphQLSchema): Server {
  // #region server
  const handler = createNodeHandler({ schema, keepAlivePingInterval: 10_000 })
  const server = createServer((request, response) => void handler(request, response))
  // #endregion
  return server
}

/** Reads the server above, or one of gqlgen. */
export async function read(url: string, show: (count: number | undefined) => void): Promise<void> {
  // #region client
  const results = subscribe<{ count: number }>({ url, query: 'subscription { count }' })
  for await (const { data, errors } of results) {
    if (errors !== undefined) throw new AggregateError(errors, 'The subscription failed.')
    show(data?.count)
  }
  // #endregion
}
