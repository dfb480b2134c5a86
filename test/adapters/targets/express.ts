import { createServer } from 'node:http'
import { stream, subscribe } from '@heartline/express'
import compression from 'compression'
import cors from 'cors'
import express, { type RequestHandler } from 'express'
// @ts-expect-error It comes without types; those of Express 5 will do here.
import express4 from 'express-4'
import helmet from 'helmet'
import { ORIGIN, PAGE, type AdapterTarget } from '../target.ts'
import { listen } from './listen.ts'

const authenticate: RequestHandler = (request, response, next) => {
  if (request.headers.authorization === 'yes') next()
  else response.status(401).send('Who are you?')
}

const target = (name: string, create: typeof express): AdapterTarget => ({
  name,
  http: 1,
  helmet: 'x-frame-options',
  start: ({ hub, monitor, handler, authorize, headers }) => {
    const app = create()
    app.use(compression({ threshold: 0 }), cors({ origin: ORIGIN }), helmet(), create.json())
    app.get('/events', authenticate, subscribe(hub, { monitor, authorize, headers }))
    app.get('/page', (_request, response) => void response.send(PAGE))
    app.get('/stream', stream(handler, { monitor, headers }))
    app.post('/stream', stream(handler, { monitor, headers }))
    const silent: express.ErrorRequestHandler = (error, _request, response, next) => {
      if (response.headersSent) next(error)
      else response.status((error as { status?: number }).status ?? 500).send('failed')
    }
    app.use(silent)
    return listen(createServer(app), app)
  },
})

export const expressTargets: readonly AdapterTarget[] = [
  target('Express 5', express),
  target('Express 4', express4 as unknown as typeof express),
]
