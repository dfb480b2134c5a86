import {
  createHandler,
  type HandlerOptions,
  type SingleConnectionOptions,
} from '../../src/index.ts'
import type { Handler } from '../../src/index.ts'
import type { Graphql } from './graphqls.ts'
import { makeSchema } from './schema.ts'

/** A Fetch handler without a server: for what is asked a hundred thousand times. */
export function directHandler(
  graphql: Graphql,
  singleConnection: SingleConnectionOptions = {},
  more: Partial<HandlerOptions<Request>> = {},
): { handler: Handler } {
  const { schema } = makeSchema(graphql)
  return { handler: createHandler({ schema, engine: graphql.engine, singleConnection, ...more }) }
}
