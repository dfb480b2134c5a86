import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type * as GraphQL from 'graphql'
import type * as GraphQLSse from 'graphql-sse/lib/use/http'
import type { ReceivedEvent } from '../../kit/reader.ts'
import type { StoryEvent, TakenEvent } from '../event.ts'
import { listen } from './in-process.ts'
import type { InteropServer, RunningServer } from './server.ts'

// Both by `require`: bundlers take another file for `graphql` than Node.js does, and then there are
// two, which refuse each other's schemas.
const require = createRequire(import.meta.url)
const { GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString } =
  require('graphql') as typeof GraphQL
const { createHandler } = require('graphql-sse/lib/use/http') as typeof GraphQLSse

const QUERY = 'subscription { story { n type data } }'

/**
 * npm `graphql-sse`, one connection for each operation. Its protocol has no ids: a subscription
 * that is asked for again starts over.
 */
export const graphqlSse: InteropServer = {
  name: 'graphql-sse (no resume in its protocol)',
  remembers: false,
  forbidsBuffering: false,
  // Not an option of it.
  heartbeatMs: 12_000,
  tellsRetry: false,
  start,
}

async function start(): Promise<RunningServer> {
  const log: StoryEvent[] = []
  const change = new EventEmitter().setMaxListeners(0)
  let isFinished = false

  async function* follow(): AsyncGenerator<{ story: StoryEvent }> {
    for (let place = 0; place < log.length || !isFinished; place++) {
      while (place >= log.length && !isFinished) await once(change, 'change')
      if (place < log.length) yield { story: log[place] as StoryEvent }
    }
  }

  const handler = createHandler({ schema: schemaOf(follow) })
  const server = createServer((request, response) => {
    handler(request, response).catch(() => response.destroy())
  })
  const { port, close } = await listen(server)
  return {
    port,
    request: {
      path: '/',
      method: 'POST',
      body: JSON.stringify({ query: QUERY }),
      headers: { 'content-type': 'application/json' },
    },
    getRequest: { path: `/?query=${encodeURIComponent(QUERY)}` },
    read,
    publish(events) {
      log.push(...events)
      change.emit('change')
      return Promise.resolve()
    },
    finish() {
      isFinished = true
      change.emit('change')
    },
    close,
  }
}

function schemaOf(follow: () => AsyncGenerator<{ story: StoryEvent }>): GraphQL.GraphQLSchema {
  const text = { type: GraphQLString }
  const story = new GraphQLObjectType({
    name: 'Story',
    fields: { n: { type: GraphQLInt }, type: text, data: text },
  })
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { nothing: text } }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: { story: { type: story, subscribe: follow } },
    }),
  })
}

function read({ type, data, id }: ReceivedEvent): TakenEvent | 'end' | undefined {
  if (type === 'complete') return 'end'
  if (type !== 'next') throw new Error(`An event of the type ${type}`)
  const { data: result } = JSON.parse(data) as { data: { story: StoryEvent } }
  return { ...result.story, id }
}
