import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from '@heartline/client'
import { subscribe } from '@heartline/graphql/client'
import { serve } from '@hono/node-server'
import { GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import { expect, onTestFinished, test } from 'vitest'
import * as betterSse from './better-sse.ts'
import * as expressSse from './express-sse.ts'
import * as fastifySseV2 from './fastify-sse-v2.ts'
import * as fastifySse from './fastify-sse.ts'
import * as fiber from './fiber.ts'
import * as gin from './gin.ts'
import * as gqlgen from './gqlgen.ts'
import * as graphqlSse from './graphql-sse.ts'
import * as huma from './huma.ts'

const LIMIT_MS = 20_000

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** `type: data` of the first events, and the place behind the last one. */
class Reading {
  readonly lines: string[] = []
  readonly #client

  constructor(url: string, lastEventId?: string) {
    this.#client = createClient({ url, lastEventId })
    this.#client.on('*', (data, { type }) => this.lines.push(`${type}: ${JSON.stringify(data)}`))
    onTestFinished(() => this.#client.close())
  }

  async isOpen(): Promise<void> {
    await holds(() => this.#client.state.name === 'open')
  }

  async has(count: number): Promise<string[]> {
    await holds(() => this.lines.length >= count)
    return this.lines
  }

  /** Leaves. Answers the place. */
  leave(): string {
    this.#client.close()
    return this.#client.lastEventId
  }
}

async function holds(condition: () => boolean): Promise<void> {
  const end = Date.now() + LIMIT_MS
  while (!condition() && Date.now() < end) await new Promise((done) => setTimeout(done, 10))
}

const post = (url: string, body?: string): Promise<Response> =>
  fetch(url, { method: 'POST', body: body ?? null, headers: { 'content-type': 'text/plain' } })

test('better-sse: a session is sent to, an iteration is streamed, and a channel is resumed', async () => {
  const { app, hub } = await betterSse.create()
  const url = await listen(app)
  const clock = await new Reading(`${url}/clock`).has(2)
  expect(clock[0]).toBe('greeting: "hello"')
  expect(clock[1]).toMatch(/^tick: \d+$/)
  const numbers = await (await fetch(`${url}/numbers`)).text()
  expect(numbers).toContain('id: 3\ndata: 3\n\n')
  const first = new Reading(`${url}/users/ann/prices`)
  await first.isOpen()
  await post(`${url}/prices/4`)
  expect(await first.has(1)).toEqual(['price: 4'])
  const place = first.leave()
  await post(`${url}/prices/5`)
  await hub.publish([{ topic: 'users/bob', data: 'not for ann' }])
  await hub.publish([{ topic: 'users/ann', data: 'hello' }])
  const second = new Reading(`${url}/users/ann/prices`, place)
  expect(await second.has(2)).toEqual(['price: 5', 'message: "hello"'])
})

test('express-sse: a new reader gets the present values, then what is sent', async () => {
  const { app } = await expressSse.create()
  const url = await listen(app)
  for (const path of ['blue/1', 'red/1', 'red/2']) await post(`${url}/scores/${path}`)
  const reading = new Reading(`${url}/scores`)
  expect(await reading.has(2)).toEqual([
    'score: {"team":"blue","goals":1}',
    'score: {"team":"red","goals":2}',
  ])
  await post(`${url}/scores/blue/2`)
  expect((await reading.has(3))[2]).toBe('score: {"team":"blue","goals":2}')
})

test('fastify-sse-v2: an iterable is streamed, and the stream ends behind it', async () => {
  const app = await fastifySseV2.create()
  onTestFinished(() => app.close())
  const text = await (await fetch(`${await app.listen({ port: 0 })}/countdown`)).text()
  const counts = [3, 2, 1].map((n) => `id: ${n}\nevent: count\ndata: ${n}\n\n`)
  for (const count of counts) expect(text).toContain(count)
  expect(Number(/retry: (\d+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(3_000)
})

test('@fastify/sse: events are sent, and a reader is given what it missed', async () => {
  const app = await fastifySse.create()
  onTestFinished(() => app.close())
  const url = await app.listen({ port: 0 })
  expect(await new Reading(`${url}/job`).has(3)).toEqual([
    'progress: {"percent":0}',
    'progress: {"percent":50}',
    'progress: {"percent":100}',
  ])
  const first = new Reading(`${url}/news`)
  await first.isOpen()
  await post(`${url}/news/one`)
  await first.has(1)
  const place = first.leave()
  await post(`${url}/news/two`)
  expect(await new Reading(`${url}/news`, place).has(1)).toEqual(['message: "two"'])
})

test('Gin: a step that waits notices that the reader has gone, and a room is resumed', async () => {
  const jobs = new Jobs()
  const { app } = await gin.create(jobs)
  const url = await listen(app)
  const progress = new Reading(`${url}/progress`)
  await progress.isOpen()
  await holds(() => jobs.listeners === 1)
  jobs.dispatchEvent(new CustomEvent('progress', { detail: 50 }))
  expect(await progress.has(1)).toEqual(['progress: 50'])
  progress.leave()
  await holds(() => jobs.listeners === 0)
  expect(jobs.listeners).toBe(0)
  const room = new Reading(`${url}/rooms/blue`)
  await room.isOpen()
  await post(`${url}/rooms/red`, 'elsewhere')
  await post(`${url}/rooms/blue`, 'here')
  expect(await room.has(1)).toEqual(['message: "here"'])
})

test('Fiber: what hangs on a stream is cleaned up when its reader has gone', async () => {
  const service = fiber.create()
  let gone = 0
  service.onGone = () => gone++
  const url = await new Promise<string>((resolve) => {
    const how = { fetch: service.app.fetch, port: 0, hostname: '127.0.0.1' }
    const server = serve(how, ({ port }) => resolve(`http://127.0.0.1:${port}`))
    onTestFinished(() => void server.close())
  })
  const clock = new Reading(`${url}/clock`)
  expect((await clock.has(2))[1]).toMatch(/^tick: "\d{4}-/)
  clock.leave()
  await holds(() => gone > 0)
  expect(gone).toBe(1)
})

test('Huma: events are sent with their schemas, and the description names them', async () => {
  const url = await listen(huma.create())
  const text = await (await fetch(`${url}/ticks`)).text()
  for (const n of [1, 2, 3]) expect(text).toContain(`event: tick\ndata: {"n":${n}}\n\n`)
  expect(text).toContain('event: done\ndata: {"ticks":3}\n\n')
  const description = (await (await fetch(`${url}/openapi.json`)).json()) as any
  expect(description.openapi).toMatch(/^3\.1/)
  expect(description.paths['/ticks'].get.operationId).toBe('readTicks')
})

test('graphql-sse: who asks is known to resolvers, strangers are refused, and ends are told', async () => {
  const lines: string[] = []
  const handler = graphqlSse.create(counting, (line) => lines.push(line))
  const url = await listen((request, response) => void handler(request, response))
  const query = 'subscription { count }'
  const headers = { authorization: 'Bearer ann-secret' }
  const counts: unknown[] = []
  for await (const { data } of subscribe({ url, query, headers })) counts.push(data)
  expect(counts).toEqual([{ count: 1 }, { count: 2 }, { count: 3 }])
  await holds(() => lines.length >= 2)
  expect(lines).toEqual(['ann began a subscription', 'ann: completed'])
  const json = { ...headers, 'content-type': 'application/json', accept: 'application/json' }
  const whoAmI = { method: 'POST', headers: json, body: '{"query":"{ me }"}' }
  expect(await (await fetch(url, whoAmI)).json()).toEqual({ data: { me: 'ann' } })
  const stranger = await fetch(`${url}?query=${encodeURIComponent(query)}`)
  expect(stranger.status).toBe(401)
})

test('gqlgen: a server pings with its interval, and a client reads until the end', async () => {
  const server = gqlgen.create(counting)
  const url = await listen((request, response) => server.emit('request', request, response))
  const counts: unknown[] = []
  await gqlgen.read(url, (count) => counts.push(count))
  expect(counts).toEqual([1, 2, 3])
})

const counting = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: { me: { type: GraphQLString, resolve: (_, __, { user }) => user } },
  }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      count: {
        type: GraphQLInt,
        async *subscribe() {
          for (const count of [1, 2, 3]) yield { count }
        },
      },
    },
  }),
})

/** Counts who waits. */
class Jobs extends EventTarget {
  listeners = 0

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.listeners++
    super.addEventListener(...args)
  }

  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    this.listeners--
    super.removeEventListener(...args)
  }
}
