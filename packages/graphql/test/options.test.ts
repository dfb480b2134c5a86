import { GraphQLObjectType, GraphQLSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createHandler, type HandlerOptions } from '../src/index.ts'
import { negotiate } from '../src/accept.ts'
import { graphqls } from './kit/graphqls.ts'
import { makeSchema } from './kit/schema.ts'

const { schema } = makeSchema(graphqls[0]!)

describe('Options', () => {
  it.each([
    [{ keepAlivePingInterval: 999 }, /keepAlivePingInterval must be 0 \(off\) or 1000 to 600000/],
    [{ keepAlivePingInterval: Number.NaN }, /keepAlivePingInterval/],
    [{ minEventInterval: -1 }, /minEventInterval/],
    [{ maxBodyBytes: '1' }, /maxBodyBytes/],
    [{ singleConnection: { secret: 'short' } }, /secret must have at least 32/],
    [{ singleConnection: { broker: {} } }, /secret must be given with a broker/],
    [{ singleConnection: { reservationMs: Number.NaN } }, /reservationMs/],
    [{ singleConnection: { reservationMs: Infinity } }, /reservationMs must be at most/],
    [{ singleConnection: { answerMs: 2 ** 31 } }, /answerMs must be at most 2147483647/],
    [{ minEventInterval: Infinity }, /minEventInterval must be at most/],
  ])('refuse %j', (options, message) => {
    const create = (): unknown => createHandler({ schema, ...options } as HandlerOptions<Request>)
    expect(create).toThrow(message)
    expect(create).toThrow(expect.objectContaining({ code: 'HL_GRAPHQL_OPTION_INVALID' }))
  })

  it('refuse a schema that is not valid at once', () => {
    const empty = new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields: {} }) })
    expect(() => createHandler({ schema: empty })).toThrow(/must define one or more fields/)
  })
})

describe('Accept', () => {
  it.each([
    [undefined, 'application/json'],
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['application/json', 'application/json'],
    ['application/graphql-response+json', 'application/graphql-response+json'],
    ['application/json, application/graphql-response+json', 'application/graphql-response+json'],
    ['application/graphql-response+json;q=0.1, application/json', 'application/json'],
    ['text/event-stream', 'text/event-stream'],
    ['text/event-stream, */*', 'text/event-stream'],
    ['*/*, text/event-stream;q=0.1', 'text/event-stream'],
    ['text/event-stream;q=0.5, application/json', 'application/json'],
    ['application/json, text/event-stream', 'text/event-stream'],
    ['text/*', 'text/event-stream'],
    ['text/event-stream;q=0', undefined],
    ['text/event-stream;q=2', undefined],
    ['image/png', undefined],
    [',;=', undefined],
  ])('%j is answered with %s', (accept, type) => {
    expect(negotiate(accept)).toBe(type)
  })
})
