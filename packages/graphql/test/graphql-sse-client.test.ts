import { createClient, type Client } from 'graphql-sse'
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from '../../client/test/kit/until.ts'
import { startApi, targets, type Api } from './kit/ask.ts'

function connect({ url, fetch }: Api, singleConnection: boolean): Client<boolean> {
  const client = createClient({ url, fetchFn: fetch, singleConnection, retryAttempts: 0 })
  onTestFinished(() => client.dispose())
  return client
}

async function collect(results: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const result of results) all.push(result)
  return all
}

describe.each(
  targets.flatMap((target) =>
    [false, true].map((single) => ({ ...target, single, mode: single ? 'single' : 'distinct' })),
  ),
)('The client of graphql-sse ($mode, $name)', (target) => {
  it('runs queries, mutations and subscriptions, one after the other and at once', async () => {
    const api = await startApi(target)
    const client = connect(api, target.single)
    expect(await collect(client.iterate({ query: '{ hello }' }))).toEqual([
      { data: { hello: 'Hello world' } },
    ])
    const [counted, noted, squared] = await Promise.all([
      collect(client.iterate({ query: 'subscription { count(to: 50) }' })),
      collect(client.iterate({ query: 'mutation { note(text: "kept") }' })),
      collect(
        client.iterate({ query: 'query ($n: Int!) { square(of: $n) }', variables: { n: 12 } }),
      ),
    ])
    expect(counted).toEqual(Array.from({ length: 50 }, (_, i) => ({ data: { count: i + 1 } })))
    expect(noted).toEqual([{ data: { note: 'kept' } }])
    expect(squared).toEqual([{ data: { square: 144 } }])
  })

  it('stops a subscription, and the source with it', async () => {
    const api = await startApi(target)
    const client = connect(api, target.single)
    const results = client.iterate({ query: 'subscription { count(to: 100000, everyMs: 2) }' })
    for await (const result of results) {
      expect(result).toEqual({ data: { count: 1 } })
      break
    }
    await until(() => api.sources.stopped === 1)
    await until(() => api.handler.stats.streams === 0)
    expect(api.handler.stats.operations).toBe(0)
  })

  it('gets errors as results', async () => {
    const api = await startApi(target)
    const client = connect(api, target.single)
    const results = await collect(client.iterate({ query: 'subscription { refused }' }))
    expect(results).toMatchObject([{ errors: [{ message: 'no source' }] }])
  })

  it('takes a validation error as the mode tells it', async () => {
    const api = await startApi(target)
    const client = connect(api, target.single)
    const results = collect(client.iterate({ query: '{ nothing }' }))
    if (target.single) await expect(results).rejects.toMatchObject({ response: { status: 400 } })
    else expect(await results).toMatchObject([{ errors: [{}] }])
  })

  it('lives through pings', async () => {
    const api = await startApi(target, { keepAlivePingInterval: 1_000 })
    const client = connect(api, target.single)
    const results = collect(
      client.iterate({ query: 'subscription { count(to: 2, everyMs: 1300) }' }),
    )
    expect(await results).toHaveLength(2)
  })
})
