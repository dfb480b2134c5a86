import { createMemoryBroker } from '@heartline/broker'
import { createHub, type Hub } from '@heartline/hub'
import type { GraphQLSchema } from 'graphql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { settle, until } from '../../client/test/kit/until.ts'
import { subscribe } from '../src/client.ts'
import { topicEvents, type HandlerOptions, type Operation, type TopicEvent } from '../src/index.ts'
import { targets, toApi, type Api, type Target } from './kit/ask.ts'
import type { Graphql } from './kit/graphqls.ts'
import { makeSchema } from './kit/schema.ts'
import { StreamReader } from './kit/stream-reader.ts'

interface Context {
  readonly hub: Hub
  readonly operation: Operation
}

/** Prices from the topics of a hub. */
function priceSchema({ module }: Graphql): GraphQLSchema {
  const { GraphQLSchema, GraphQLObjectType, GraphQLString, GraphQLInt } = module
  const price = {
    type: GraphQLInt,
    args: { of: { type: GraphQLString } },
    subscribe: (_: unknown, { of }: { of?: string }, { hub, operation }: Context) =>
      topicEvents(hub, { selectors: [`prices/${of ?? '*'}`], operation, rights: ['prices/*'] }),
    resolve: (event: TopicEvent) => event.data,
  }
  // Nobody can tell a generator to stop that waits for its next event.
  const wrapped = {
    type: GraphQLInt,
    subscribe: async function* (_: unknown, _args: unknown, { hub, operation }: Context) {
      const events = topicEvents(hub, { selectors: ['prices/*'], operation, rights: ['prices/*'] })
      for await (const event of events) yield { wrapped: event.data }
    },
  }
  const hello = { type: GraphQLString, resolve: () => 'Hello' }
  const query = new GraphQLObjectType({ name: 'Query', fields: { hello } })
  const subscription = new GraphQLObjectType({ name: 'Subscription', fields: { price, wrapped } })
  return new GraphQLSchema({ query, subscription })
}

async function start(
  { graphql, face }: Target,
  options: Partial<HandlerOptions<unknown>> = {},
  memory: Parameters<typeof createMemoryBroker>[0] = {},
): Promise<{ api: Api; hub: Hub; publish: (bid: number, of?: string) => Promise<string> }> {
  const hub = await createHub({ broker: createMemoryBroker(memory) })
  onTestFinished(() => hub.close())
  const served = await face.serve({
    schema: priceSchema(graphql),
    engine: graphql.engine,
    context: (_incoming, operation): Context => ({ hub, operation }),
    ...options,
  })
  const publish = async (bid: number, of = 'acme'): Promise<string> => {
    const [result] = await hub.publish([{ topic: `prices/${of}`, data: bid }])
    return result!.id
  }
  return { api: toApi(served, makeSchema(graphql)), hub, publish }
}

const PRICES = 'subscription ($of: String) { price(of: $of) }'

describe.each(targets)('Topics of a hub as a source ($name)', (target) => {
  it('bring events with their cursors, and tell the first place before the first event', async () => {
    const { api, hub, publish } = await start(target)
    const reader = await api.stream(PRICES, { variables: { of: 'acme' } })
    await until(() => reader.text.includes('\nid: '))
    expect(reader.events).toEqual([])
    const first = await publish(10)
    await publish(99, 'other')
    const second = await publish(11)
    await reader.count(2)
    expect(reader.results).toEqual([{ data: { price: 10 } }, { data: { price: 11 } }])
    expect(reader.events.map((event) => event.lastEventId)).toEqual([first, second])
    reader.leave()
    await until(() => hub.stats().sessions === 0)
  })

  it('are let go of with their operation, also behind a generator that waits', async () => {
    const { api, hub, publish } = await start(target)
    const reader = await api.stream('subscription { wrapped }')
    await until(() => hub.stats().sessions === 1)
    await publish(10)
    await reader.count(1)
    expect(reader.results).toEqual([{ data: { wrapped: 10 } }])
    reader.leave()
    await until(() => hub.stats().sessions === 0)
    const token = await api.reserve()
    const shared = await api.open(token)
    await api.operate(token, 'a', 'subscription { wrapped }')
    await until(() => hub.stats().sessions === 1)
    await api.stop(token, 'a')
    await until(() => hub.stats().sessions === 0)
    expect(shared.isOver).toBe(false)
    shared.leave()
  })

  it('go on behind Last-Event-ID, without a gap and without a repeat', async () => {
    const { api, publish } = await start(target)
    const ids: string[] = []
    for (let bid = 1; bid <= 5; bid++) ids.push(await publish(bid))
    const reader = await api.stream(PRICES, { headers: { 'last-event-id': ids[1]! } })
    await reader.count(3)
    await publish(6)
    await reader.count(4)
    expect(reader.results.map(({ data }) => data.price)).toEqual([3, 4, 5, 6])
    reader.leave()
  })

  it('say on a single connection with each result where its operation goes on', async () => {
    const { api, publish } = await start(target)
    const token = await api.reserve()
    const reader = await api.open(token)
    await api.operate(token, 'a', PRICES, { variables: { of: 'acme' } })
    await api.operate(token, 'b', PRICES, { variables: { of: 'other' } })
    await until(() => api.handler.stats.operations === 2)
    await settle(50)
    const ids = [await publish(1), await publish(2, 'other'), await publish(3), await publish(4)]
    await reader.count(4)
    const places = reader.results.map(({ id, payload }) => ({
      id,
      price: payload.data.price,
      place: payload.extensions.heartline.lastEventId,
    }))
    expect(places.filter(({ id }) => id === 'a')).toEqual([
      { id: 'a', price: 1, place: ids[0] },
      { id: 'a', price: 3, place: ids[2] },
      { id: 'a', price: 4, place: ids[3] },
    ])
    expect(places.filter(({ id }) => id === 'b')).toEqual([{ id: 'b', price: 2, place: ids[1] }])
    // The stream as a whole has no place that a reader could come back with.
    expect(reader.text).not.toMatch(/^id/m)
    reader.leave()
    const next = await api.reserve()
    const again = await api.open(next)
    const params = {
      variables: { of: 'acme' },
      extensions: { operationId: 'a', lastEventId: places[0]!.place },
    }
    expect((await api.operate(next, 'a', PRICES, params)).status).toBe(202)
    await again.count(2)
    expect(again.results.map(({ payload }) => payload.data.price)).toEqual([3, 4])
    again.leave()
  })

  it('say what cannot be brought any more with the next result', async () => {
    const { api, publish } = await start(target, {}, { retention: { maxEntries: 3 } } as never)
    const ids: string[] = []
    for (let bid = 1; bid <= 50; bid++) ids.push(await publish(bid))
    await settle(100)
    const reader = await api.stream(PRICES, { headers: { 'last-event-id': ids[0]! } })
    await publish(51)
    await until(() => reader.results.at(-1)?.data?.price === 51)
    const prices = reader.results.map(({ data }) => data.price)
    const { gap } = reader.results[0].extensions?.heartline ?? {}
    // Either everything came, from the hub's own window, or the hole is said: never neither.
    if (prices.length < 50) expect(gap).toMatchObject({ reason: 'expired' })
    else expect(prices).toEqual(Array.from({ length: 50 }, (_, i) => i + 2))
    reader.leave()
  })

  it('refuse what the reader may not have, and a place that is none', async () => {
    const { api } = await start(target)
    const forbidden = await api.stream(PRICES, { variables: { of: '**' } })
    await forbidden.end()
    expect(forbidden.results[0].errors).toHaveLength(1)
    const lost = await api.stream(PRICES, { headers: { 'last-event-id': 'nonsense' } })
    await lost.end()
    expect(lost.results[0].errors).toHaveLength(1)
    expect(lost.isComplete).toBe(true)
  })

  it('end without complete when the hub leaves, so that the reader comes back', async () => {
    const { api, hub, publish } = await start(target)
    const reader = await api.stream(PRICES)
    await until(() => reader.text.includes('\nid: '))
    await publish(1)
    await reader.count(1)
    await hub.drain({ deadlineMs: 500 })
    await reader.end()
    expect(reader.events.map(({ type }) => type)).toEqual(['next'])
  })

  it('cost a reader that does not read no more than one piece', async () => {
    const { api, hub } = await start(target)
    const response = await api.post({ query: PRICES }, { accept: 'text/event-stream' })
    await until(() => hub.stats().sessions === 1)
    const many = Array.from({ length: 500 }, (_, i) => ({ topic: 'prices/acme', data: i }))
    for (let round = 0; round < 10; round++) await hub.publish(many)
    const reader = new StreamReader(response)
    await reader.count(5_000)
    expect(reader.results.map(({ data }) => data.price)).toEqual(
      Array.from({ length: 5_000 }, (_, i) => i % 500),
    )
    reader.leave()
  })

  it('are read on by our client across broken streams, each event once', async () => {
    const { api, hub, publish } = await start(target)
    const prices: number[] = []
    const breaks = new Set<AbortController>()
    const breaking: typeof fetch = (url, init) => {
      const controller = new AbortController()
      breaks.add(controller)
      init?.signal?.addEventListener('abort', () => controller.abort())
      return api.fetch(url, { ...init, signal: controller.signal })
    }
    const options = { url: api.url, query: PRICES, fetch: breaking, ladder: { fastMs: 10 } }
    const results = subscribe<{ price: number }>(options as never)
    const reading = (async () => {
      for await (const { data } of results) {
        prices.push(data!.price)
        if (prices.length === 40) break
      }
    })()
    await until(() => hub.stats().sessions === 1)
    for (let bid = 1; bid <= 40; bid++) {
      await publish(bid)
      if (bid % 10 === 0 && bid < 40) {
        await until(() => prices.length > bid - 10)
        for (const controller of breaks) controller.abort()
      }
    }
    await reading
    expect(prices).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    expect(breaks.size).toBeGreaterThan(3)
    await until(() => hub.stats().sessions === 0)
  })
})
