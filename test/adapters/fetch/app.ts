/** The same small application with Hono and with h3, as a function of Fetch that runs anywhere. */
import { createMemoryBroker } from '@heartline/broker'
import * as h3Adapter from '@heartline/h3'
import * as honoAdapter from '@heartline/hono'
import { createHub, type Hub } from '@heartline/hub'
import { StreamGroup, StreamMetrics, type StreamHandler } from '@heartline/session/fetch'
import { H3, handleCors, HTTPError } from 'h3'
import { compression } from 'h3-compression'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { cors } from 'hono/cors'

const ORIGIN = 'http://shop.example'
const PAGE = 'Nothing new. '.repeat(400)

export interface App {
  readonly fetch: (request: Request) => Response | Promise<Response>
  readonly hub: Hub
  readonly metrics: StreamMetrics
  readonly group: StreamGroup
  /** Handlers whose signal was aborted. */
  readonly aborted: () => number
}

interface Parts {
  readonly hub: Hub
  readonly monitor: StreamGroup
  readonly handler: StreamHandler
}

const fails: StreamHandler = () => {
  throw new Error('no database')
}

function createHono({ hub, monitor, handler }: Parts): App['fetch'] {
  const app = new Hono()
  // Workers and Deno compress by themselves; this is for those that do not.
  if (typeof CompressionStream === 'function') app.use(compress({ threshold: 0 }))
  app.use(cors({ origin: ORIGIN }))
  app.use('/events', async (c, next) =>
    c.req.header('authorization') === 'yes' ? next() : c.text('Who are you?', 401),
  )
  app.get('/page', (c) => c.json({ page: PAGE }))
  app.get('/events', honoAdapter.subscribe(hub, { monitor }))
  app.get('/stream', honoAdapter.stream(handler, { monitor, heartbeatMs: 9_000 }))
  app.get('/throws', honoAdapter.stream(fails, { monitor }))
  app.onError((error, c) =>
    'getResponse' in error ? (error.getResponse as () => Response)() : c.text('failed', 500),
  )
  return (request) => app.fetch(request)
}

function createH3({ hub, monitor, handler }: Parts): App['fetch'] {
  const app = new H3({ silent: true })
  app.use((event) => {
    const answered = handleCors(event, { origin: [ORIGIN] })
    return answered === false ? undefined : answered
  })
  app.use(compression())
  app.get('/page', () => PAGE)
  app.use('/events', (event) => {
    if (event.req.headers.get('authorization') !== 'yes') throw new HTTPError({ status: 401 })
  })
  app.get('/events', h3Adapter.subscribe(hub, { monitor }))
  app.get('/stream', h3Adapter.stream(handler as never, { monitor, heartbeatMs: 9_000 }))
  app.get('/throws', h3Adapter.stream(fails as never, { monitor }))
  return (request) => app.fetch(request)
}

export async function createApp(framework: string): Promise<App> {
  const hub = await createHub({ broker: createMemoryBroker() })
  const metrics = new StreamMetrics({ onError: () => undefined })
  const group = new StreamGroup(metrics.monitor('app'))
  let aborted = 0
  const handler: StreamHandler = async (session, signal) => {
    session.send({ data: 'hello' })
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    aborted++
  }
  const parts = { hub, monitor: group, handler }
  const fetch = framework === 'h3' ? createH3(parts) : createHono(parts)
  return { fetch, hub, metrics, group, aborted: () => aborted }
}
