import { createServer } from 'node:http'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import { stream, subscribe } from '@heartline/h3'
import { H3, handleCors, HTTPError, toNodeHandler } from 'h3'
import { compression } from 'h3-compression'
import { ORIGIN, PAGE, type AdapterTarget, type Setup } from '../target.ts'
import { listen } from './listen.ts'

function create({ hub, monitor, handler, authorize, headers }: Setup): H3 {
  const app = new H3({ silent: true })
  app.use((event) => {
    const answered = handleCors(event, { origin: [ORIGIN] })
    if (answered !== false) return answered
    event.res.headers.set('x-frame-options', 'SAMEORIGIN')
    return undefined
  })
  app.use(compression())
  app.use('/events', (event) => {
    if (event.req.headers.get('authorization') !== 'yes') throw new HTTPError({ status: 401 })
  })
  app.get('/events', subscribe(hub, { monitor, authorize, headers }))
  app.get('/page', () => PAGE)
  app.get('/stream', stream(handler as never, { monitor, headers }))
  app.post('/stream', async (event) => {
    await event.req.json()
    return stream(handler as never, { monitor, headers })(event)
  })
  return app
}

const about = { name: 'h3', helmet: 'x-frame-options' }

export const h3Targets: readonly AdapterTarget[] = [
  {
    ...about,
    http: 1,
    start: (setup) => listen(createServer(toNodeHandler(create(setup)) as never)),
  },
  {
    ...about,
    http: 2,
    start: (setup) =>
      listen(http2.createServer(toNodeHandler(create(setup)) as never) as unknown as Server),
  },
]
