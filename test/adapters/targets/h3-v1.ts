import { createServer } from 'node:http'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import { stream, subscribe } from '@heartline/h3/v1'
import compression from 'compression'
import {
  createApp,
  createError,
  createRouter,
  defineEventHandler,
  fromNodeMiddleware,
  getHeader,
  handleCors,
  readBody,
  send,
  setResponseStatus,
  toNodeListener,
  type App,
} from 'h3-1'
import helmet from 'helmet'
import { ORIGIN, PAGE, type AdapterTarget, type Setup } from '../target.ts'
import { listen } from './listen.ts'

function create({ hub, monitor, handler, authorize, headers }: Setup): App {
  const app = createApp({
    onError: (error, event) => {
      setResponseStatus(event, error.statusCode)
      return send(event, 'failed')
    },
  })
  app.use(fromNodeMiddleware(compression({ threshold: 0 }) as never))
  app.use(fromNodeMiddleware(helmet() as never))
  app.use(
    defineEventHandler((event) => {
      handleCors(event, { origin: [ORIGIN], preflight: { statusCode: 204 } })
    }),
  )
  app.use(
    '/events',
    defineEventHandler((event) => {
      if (getHeader(event, 'authorization') !== 'yes') throw createError({ statusCode: 401 })
    }),
  )
  const router = createRouter()
  router.get('/events', defineEventHandler(subscribe(hub, { monitor, authorize, headers })))
  router.get(
    '/page',
    defineEventHandler(() => PAGE),
  )
  router.get('/stream', defineEventHandler(stream(handler, { monitor, headers })))
  const answer = stream(handler, { monitor, headers })
  router.post(
    '/stream',
    defineEventHandler(async (event) => {
      await readBody(event)
      await answer(event)
    }),
  )
  app.use(router)
  return app
}

const about = { name: 'h3 1', helmet: 'x-frame-options' }

export const h3V1Targets: readonly AdapterTarget[] = [
  { ...about, http: 1, start: (setup) => listen(createServer(toNodeListener(create(setup)))) },
  {
    ...about,
    http: 2,
    start: (setup) =>
      listen(http2.createServer(toNodeListener(create(setup)) as never) as unknown as Server),
  },
]
