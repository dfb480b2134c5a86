import type { GraphQLSchema } from 'graphql'
import type { Engine } from './engine.ts'

/** Throws at once what every request would run into: a schema that is not valid, or none. */
export function checkSchema(options: { schema: GraphQLSchema; engine: Engine }): void {
  const { engine, schema } = options
  engine.validate(schema, engine.parse('{ __typename }', { maxTokens: 10 }), [])
}
