import { once } from 'node:events'
import http, { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { stream as expressStream } from '@heartline/express'
import { stream as fastifyStream } from '@heartline/fastify'
import { createNodeHandler } from '@heartline/graphql/node'
import { StreamMetrics, type SessionMonitor } from '@heartline/session'
import express from 'express'
import { fastify } from 'fastify'
import { register } from 'prom-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { settle, until } from '../../packages/client/test/kit/until.ts'
import { graphqls } from '../../packages/graphql/test/kit/graphqls.ts'
import { makeSchema } from '../../packages/graphql/test/kit/schema.ts'
import { monitorOf, watchGraphql } from './monitoring/prom-client.ts'
import { listen } from './targets/listen.ts'

/** Streams at `/clock` and `/graphql`, numbers at `/metrics`: its port. */
type Start = (monitor: SessionMonitor, metrics: () => Promise<string>) => Promise<number>

const heartbeatMs = 1_000
const [installed] = graphqls as [(typeof graphqls)[0]]
const graphql = createNodeHandler({
  schema: makeSchema(installed).schema,
  engine: installed.engine,
  keepAlivePingInterval: heartbeatMs,
  stream: { monitor: monitorOf('graphql') },
})
watchGraphql(graphql)

const onExpress: Start = async (monitor, metrics) => {
  const app = express()
  app.get(
    '/clock',
    expressStream(() => {}, { monitor, heartbeatMs }),
  )
  app.use('/graphql', (request, response) => graphql(request, response))
  app.get('/metrics', async (_request, response) => {
    response.type('text/plain').send(await metrics())
  })
  const application = await listen(createServer(app))
  onTestFinished(async () => void (await application.close()))
  return application.port
}

const onFastify: Start = async (monitor, metrics) => {
  const app = fastify()
  app.get(
    '/clock',
    fastifyStream(() => {}, { monitor, heartbeatMs }),
  )
  app.all('/graphql', (request, reply) => {
    reply.hijack()
    return graphql(request.raw, reply.raw, { body: request.body })
  })
  app.get('/metrics', async (_request, reply) => reply.type('text/plain').send(await metrics()))
  await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => app.close())
  return (app.server.address() as AddressInfo).port
}

/** A reader that has seen a heartbeat. It leaves when it is told. */
async function readHeartbeat(port: number, path: string): Promise<() => void> {
  const headers = { accept: 'text/event-stream' }
  const request = http.get({ host: '127.0.0.1', port, path, headers })
  request.on('error', () => undefined)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  response.on('data', (chunk: Buffer) => (text += chunk.toString())).on('error', () => undefined)
  await until(() => /^: ?(hb \d+|ping)$/m.test(text), `a heartbeat comes: ${text}`)
  return () => void request.destroy()
}

type Labels = Readonly<Record<string, string>>

/** A scrape, as a function that finds the value of a sample: 0 when it is not there. */
async function scrape(port: number): Promise<(name: string, labels: Labels) => number> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  const samples = (await response.text()).split('\n')
  return (name, labels) => {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
    const sample = samples.find(
      (line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)),
    )
    return Number(sample?.split(' ').at(-1) ?? 0)
  }
}

/** Scrapes until a sample has a value. */
async function scrapeUntil(port: number, name: string, labels: Labels, value: number) {
  for (let i = 0; ; i++) {
    const found = await scrape(port)
    if (found(name, labels) === value) return found
    if (i === 200) throw new Error(`${name} is ${found(name, labels)}`)
    await settle(20)
  }
}

const servers = [
  ['express', onExpress],
  ['fastify', onFastify],
] as const

describe.each(servers)('The metrics of %s', (adapter, start) => {
  it('are heartbeats, durations and reasons, through prom-client', async () => {
    const port = await start(monitorOf(adapter), () => register.metrics())
    const leave = await readHeartbeat(port, '/clock')
    leave()
    const ended = { adapter, reason: 'disconnected' }
    const found = await scrapeUntil(port, 'app_streams_ended_total', ended, 1)
    expect(found('app_heartbeats_total', { adapter })).toBeGreaterThanOrEqual(1)
    expect(found('app_stream_seconds_count', ended)).toBe(1)
    expect(found('app_stream_seconds_sum', ended)).toBeGreaterThanOrEqual(0.9)
    expect(found('app_stream_seconds_sum', ended)).toBeLessThan(30)
  })

  it('are the same without prom-client', async () => {
    const metrics = new StreamMetrics()
    const port = await start(metrics.monitor(adapter), async () => metrics.expose())
    const leave = await readHeartbeat(port, '/clock')
    expect((await scrape(port))('heartline_streams_open', { adapter })).toBe(1)
    leave()
    const ended = { adapter, reason: 'disconnected' }
    const found = await scrapeUntil(port, 'heartline_streams_ended_total', ended, 1)
    expect(found('heartline_stream_heartbeats_total', { adapter })).toBeGreaterThanOrEqual(1)
    expect(found('heartline_stream_duration_seconds_count', { adapter })).toBe(1)
    expect(found('heartline_stream_duration_seconds_sum', { adapter })).toBeGreaterThanOrEqual(0.9)
    expect(found('heartline_streams_open', { adapter })).toBe(0)
  })

  it('tell what GraphQL holds, and of its streams', async () => {
    const port = await start(monitorOf(adapter), () => register.metrics())
    const before = await scrape(port)
    const ended = { adapter: 'graphql', reason: 'disconnected' }
    const query = encodeURIComponent('subscription { silence }')
    const leave = await readHeartbeat(port, `/graphql?query=${query}`)
    expect((await scrape(port))('app_graphql', { what: 'streams' })).toBe(1)
    leave()
    const found = await scrapeUntil(port, 'app_graphql', { what: 'streams' }, 0)
    for (const name of ['app_streams_ended_total', 'app_stream_seconds_count']) {
      expect(found(name, ended) - before(name, ended)).toBe(1)
    }
    const graphqlOnly = { adapter: 'graphql' }
    const [now, then] = [found, before].map((of) => of('app_heartbeats_total', graphqlOnly))
    expect(now).toBeGreaterThan(then as number)
  })
})
