import type { GraphQLSchema } from 'graphql'
import type { Graphql } from './graphqls.ts'

/** What tests see of the sources of subscriptions. */
export class Sources {
  /** Sources that were made, and how many of them were told to stop. */
  opened = 0
  stopped = 0
  /** Items that were asked for. */
  pulled = 0
  readonly #told = new WeakSet<object>()

  /** 1, 2, 3 … up to a limit. */
  count(to: number, everyMs = 0, from = 1): AsyncIterableIterator<{ count: number }> {
    this.opened++
    let n = from - 1
    const source: AsyncIterableIterator<{ count: number }> = {
      next: async () => {
        if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs))
        if (n >= to) return { value: undefined, done: true }
        this.pulled++
        return { value: { count: ++n }, done: false }
      },
      return: () => {
        this.#stop(source)
        return Promise.resolve({ value: undefined, done: true })
      },
      [Symbol.asyncIterator]: () => source,
    }
    return source
  }

  /** Version 17 says it twice. */
  #stop(source: object): void {
    if (!this.#told.has(source)) this.stopped++
    this.#told.add(source)
  }

  /** Never has anything. */
  silence(): AsyncIterableIterator<{ silence: string }> {
    this.opened++
    const source: AsyncIterableIterator<{ silence: string }> = {
      next: () => new Promise(() => undefined),
      return: () => {
        this.#stop(source)
        return Promise.resolve({ value: undefined, done: true })
      },
      [Symbol.asyncIterator]: () => source,
    }
    return source
  }

  /** Large items without an end. */
  flood(bytes: number): AsyncIterableIterator<{ flood: string }> {
    this.opened++
    const text = 'x'.repeat(bytes)
    const source: AsyncIterableIterator<{ flood: string }> = {
      next: () => {
        this.pulled++
        return Promise.resolve({ value: { flood: text }, done: false })
      },
      return: () => {
        this.#stop(source)
        return Promise.resolve({ value: undefined, done: true })
      },
      [Symbol.asyncIterator]: () => source,
    }
    return source
  }
}

export interface TestSchema {
  readonly schema: GraphQLSchema
  readonly sources: Sources
  /** Notes that mutations took. */
  readonly notes: string[]
}

/** Queries, mutations and subscriptions of every temper. */
export function makeSchema({ module }: Graphql): TestSchema {
  const { GraphQLSchema, GraphQLObjectType, GraphQLString, GraphQLInt, GraphQLNonNull } = module
  const sources = new Sources()
  const notes: string[] = []
  const int = { type: new GraphQLNonNull(GraphQLInt) }
  const query = new GraphQLObjectType({
    name: 'Query',
    fields: {
      hello: {
        type: GraphQLString,
        args: { name: { type: GraphQLString } },
        resolve: (_, args) => `Hello ${args.name ?? 'world'}`,
      },
      who: {
        type: GraphQLString,
        resolve: (_source, _args, context) => JSON.stringify(context ?? null),
      },
      broken: {
        type: GraphQLString,
        resolve: () => {
          throw new Error('a field broke')
        },
      },
      large: {
        type: GraphQLString,
        args: { bytes: int },
        resolve: (_, { bytes }) => 'x'.repeat(bytes),
      },
      square: { type: GraphQLInt, args: { of: int }, resolve: (_, args) => args.of * args.of },
    },
  })
  const mutation = new GraphQLObjectType({
    name: 'Mutation',
    fields: {
      note: {
        type: GraphQLString,
        args: { text: { type: GraphQLString } },
        resolve: (_, { text }) => {
          notes.push(text)
          return text
        },
      },
    },
  })
  const subscription = new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      count: {
        type: GraphQLInt,
        args: { to: int, everyMs: { type: GraphQLInt } },
        subscribe: (_, args) => sources.count(args.to, args.everyMs ?? 0),
      },
      silence: { type: GraphQLString, subscribe: () => sources.silence() },
      flood: {
        type: GraphQLString,
        args: { bytes: int },
        subscribe: (_, args) => sources.flood(args.bytes),
      },
      refused: {
        type: GraphQLString,
        subscribe: () => {
          throw new Error('no source')
        },
      },
      breaks: {
        type: GraphQLInt,
        subscribe: async function* () {
          yield { breaks: 1 }
          throw new Error('a secret of the source')
        },
      },
    },
  })
  return { schema: new GraphQLSchema({ query, mutation, subscription }), sources, notes }
}
