import { createClient, type Client } from 'graphql-sse'
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from '../../packages/client/test/kit/until.ts'
import { graphqls } from '../../packages/graphql/test/kit/graphqls.ts'
import { http2Fetch } from '../../packages/graphql/test/kit/http2-fetch.ts'
import { makeSchema, type TestSchema } from '../../packages/graphql/test/kit/schema.ts'
import { StreamReader } from '../../packages/graphql/test/kit/stream-reader.ts'
import { expressTargets } from './graphql/express.ts'
import { fastifyTargets } from './graphql/fastify.ts'
import { h3Targets } from './graphql/h3.ts'
import { honoTargets } from './graphql/hono.ts'
import { koaTargets } from './graphql/koa.ts'
import { nestTargets } from './graphql/nest.ts'
import type { GraphqlApplication, GraphqlTarget } from './graphql/target.ts'
import { ORIGIN } from './target.ts'

const TOKEN = 'x-graphql-event-stream-token'
const STREAM = { accept: 'text/event-stream', 'accept-encoding': 'gzip, br', origin: ORIGIN }

interface Api extends GraphqlApplication, TestSchema {
  readonly url: string
  readonly fetch: typeof fetch
  post(query: string, headers?: Record<string, string>, more?: object): Promise<Response>
}

async function start(target: GraphqlTarget): Promise<Api> {
  const [graphql] = graphqls as [(typeof graphqls)[0]]
  const schema = makeSchema(graphql)
  const application = await target.start({ schema: schema.schema, engine: graphql.engine })
  onTestFinished(async () => void (await application.close().catch(() => undefined)))
  const url = `http://127.0.0.1:${application.port}/graphql`
  const ask = target.http === 1 ? fetch : http2Fetch(url)
  const post: Api['post'] = (query, headers = {}, more = {}) =>
    ask(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: ORIGIN, ...headers },
      body: JSON.stringify({ query, ...more }),
    })
  return { ...application, ...schema, url, fetch: ask, post }
}

async function collect(results: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const result of results) all.push(result)
  return all
}

const targets = [
  ...expressTargets,
  ...fastifyTargets,
  ...koaTargets,
  ...honoTargets,
  ...h3Targets,
  ...nestTargets,
]
const named = targets.map((target) => [`${target.name}, HTTP/${target.http}`, target] as const)

describe.each(named)('GraphQL mounted in %s', (_, target) => {
  const modes = [false, true].map((single) => ({ mode: single ? 'single' : 'distinct', single }))

  describe.each(modes)('the client of graphql-sse, $mode', ({ single }) => {
    const connect = ({ url, fetch: fetchFn }: Api): Client<boolean> => {
      const client = createClient({ url, fetchFn, singleConnection: single, retryAttempts: 0 })
      onTestFinished(() => client.dispose())
      return client
    }

    it('runs queries, mutations and subscriptions', async () => {
      const api = await start(target)
      const client = connect(api)
      const run = (query: string): Promise<unknown[]> => collect(client.iterate({ query }))
      expect(await run('{ hello }')).toEqual([{ data: { hello: 'Hello world' } }])
      expect(await run('mutation { note(text: "kept") }')).toEqual([{ data: { note: 'kept' } }])
      const counted = await Promise.all([1, 2].map(() => run('subscription { count(to: 20) }')))
      const expected = Array.from({ length: 20 }, (_n, i) => ({ data: { count: i + 1 } }))
      expect(counted).toEqual([expected, expected])
    })

    it('stops a subscription, and the source with it', async () => {
      const api = await start(target)
      const results = connect(api).iterate({
        query: 'subscription { count(to: 100000, everyMs: 2) }',
      })
      for await (const result of results) {
        expect(result).toEqual({ data: { count: 1 } })
        break
      }
      await until(() => api.sources.stopped === 1)
      await until(() => api.graphql.stats.streams === 0)
      expect(api.graphql.stats.operations).toBe(0)
    })
  })

  it('sends the head before the first result, uncompressed and with the headers of CORS', async () => {
    const api = await start(target)
    const response = await api.post('subscription { silence }', STREAM)
    const reader = new StreamReader(response)
    await until(() => reader.text.includes('retry:'))
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(response.headers.get('content-encoding')).toBeNull()
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    reader.leave()
  })

  it('sees that a reader left', async () => {
    const api = await start(target)
    const reader = new StreamReader(await api.post('subscription { silence }', STREAM))
    await until(() => api.sources.opened === 1)
    expect(api.graphql.stats.streams).toBe(1)
    reader.leave()
    await until(() => api.sources.stopped === 1)
    expect(api.graphql.stats.streams).toBe(0)
  })

  it('answers JSON, whoever read the body, with the headers of CORS', async () => {
    const api = await start(target)
    const good = await api.post('{ hello }', { accept: 'application/json' })
    expect(good.status).toBe(200)
    expect(good.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(await good.json()).toEqual({ data: { hello: 'Hello world' } })
    const bad = await api.post('', { accept: 'application/json' }, { query: 7 })
    expect(bad.status).toBe(400)
    const large = await api.post(`{ hello(name: "${'x'.repeat(70_000)}") }`)
    expect(((await large.json()) as { data: { hello: string } }).data.hello).toHaveLength(70_006)
  })

  it('ends 100 streams of both modes when the framework closes', async () => {
    const api = await start(target)
    const open = async (_n: unknown, i: number): Promise<StreamReader> => {
      if (i % 2 === 0) return new StreamReader(await api.post('subscription { silence }', STREAM))
      const token = await (await api.fetch(api.url, { method: 'PUT' })).text()
      return new StreamReader(await api.fetch(api.url, { headers: { ...STREAM, [TOKEN]: token } }))
    }
    const readers = await Promise.all(Array.from({ length: 100 }, open))
    await until(() => readers.every(({ text }) => text.includes('retry:')))
    expect(api.graphql.stats.streams).toBe(100)
    const before = performance.now()
    await api.close()
    // Less than one, when nothing else keeps the machine busy.
    expect(performance.now() - before).toBeLessThan(3_000)
    await until(() => readers.every(({ isOver }) => isOver))
    expect(readers.some(({ isBroken }) => isBroken)).toBe(false)
    // Told when to come back, in words that clients of GraphQL know.
    expect(readers.every(({ text }) => /retry: \d+\n\n$/.test(text))).toBe(true)
    expect(readers.every(({ events }) => events.length === 0)).toBe(true)
    expect(api.graphql.stats.streams).toBe(0)
    await until(() => api.sources.stopped === 50)
  })
})
