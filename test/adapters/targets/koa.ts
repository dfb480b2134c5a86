import { createServer, type RequestListener } from 'node:http'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import { stream, subscribe } from '@heartline/koa'
import { bodyParser } from '@koa/bodyparser'
// @ts-expect-error It comes without types.
import cors from '@koa/cors'
import Koa from 'koa'
import compress from 'koa-compress'
import helmet from 'koa-helmet'
import { ORIGIN, PAGE, type AdapterTarget, type Setup } from '../target.ts'
import { listen } from './listen.ts'

function create({ hub, monitor, handler, authorize, headers }: Setup): Koa {
  const app = new Koa()
  app.silent = true
  app.use(compress({ threshold: 0 }) as never)
  app.use(cors({ origin: ORIGIN }))
  app.use(helmet())
  app.use(bodyParser())
  const events = subscribe(hub, { monitor, authorize, headers })
  const feed = stream(handler, { monitor, headers })
  app.use(async (ctx) => {
    if (ctx.path === '/stream' && (ctx.method === 'GET' || ctx.method === 'POST')) return feed(ctx)
    if (ctx.path === '/page') ctx.body = PAGE
    if (ctx.path !== '/events') return
    if (ctx.headers.authorization !== 'yes') ctx.throw(401, 'Who are you?')
    await events(ctx)
  })
  return app
}

const about = { name: 'Koa', helmet: 'x-frame-options' }

export const koaTargets: readonly AdapterTarget[] = [
  {
    ...about,
    http: 1,
    start: (setup) => {
      const app = create(setup)
      return listen(createServer(app.callback() as RequestListener), app)
    },
  },
  {
    ...about,
    http: 2,
    start: (setup) => {
      const app = create(setup)
      return listen(http2.createServer(app.callback() as never) as unknown as Server, app)
    },
  },
]
