import http2 from 'node:http2'
import type { Server } from 'node:net'
import { serve, type ServerType } from '@hono/node-server'
import { stream, subscribe } from '@heartline/hono'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'
import { ORIGIN, PAGE, type AdapterTarget, type Application, type Setup } from '../target.ts'

function create({ hub, monitor, handler, authorize, headers }: Setup): Hono {
  const app = new Hono()
  app.use(compress({ threshold: 0 }), cors({ origin: ORIGIN }), secureHeaders())
  app.use('/events', async (c, next) => {
    if (c.req.header('authorization') !== 'yes') throw new HTTPException(401)
    await next()
  })
  app.get('/events', subscribe(hub, { monitor, authorize, headers }))
  app.get('/page', (c) => c.text(PAGE))
  app.get('/stream', stream(handler, { monitor, headers }))
  app.post('/stream', async (c) => {
    await c.req.json()
    return stream(handler, { monitor, headers })(c)
  })
  app.onError((error, c) =>
    error instanceof HTTPException ? error.getResponse() : c.text('failed', 500),
  )
  return app
}

function start(app: Hono, options: object): Promise<Application> {
  return new Promise((resolve) => {
    const how = { fetch: app.fetch, port: 0, hostname: '127.0.0.1', ...options }
    const server: ServerType = serve(how, ({ port }) => {
      const close = (): Promise<unknown> =>
        new Promise((closed) => void (server as Server).close(closed))
      resolve({ port, close })
    })
  })
}

const about = { name: 'Hono', helmet: 'x-frame-options' }

export const honoTargets: readonly AdapterTarget[] = [
  { ...about, http: 1, start: (setup) => start(create(setup), {}) },
  {
    ...about,
    http: 2,
    start: (setup) => start(create(setup), { createServer: http2.createServer }),
  },
]
