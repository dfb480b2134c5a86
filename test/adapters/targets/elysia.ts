import type { AddressInfo, Server } from 'node:net'
import { gzipSync } from 'node:zlib'
import { cors } from '@elysiajs/cors'
import { node } from '@elysiajs/node'
import { heartline, stream, subscribe } from '@heartline/elysia'
import { Elysia } from 'elysia'
import { PAGE, type AdapterTarget, type Setup } from '../target.ts'

/** What the adapter for Node gives to the callback. */
interface NodeServer {
  readonly node: { readonly server: Server }
  readonly stop: () => unknown
}

function create({ hub, monitor, handler, authorize, headers }: Setup) {
  const app = new Elysia({ adapter: node() })
  heartline(app)
  app.use(cors({ origin: 'shop.example' }))
  app.onRequest(({ set }) => {
    set.headers['x-frame-options'] = 'SAMEORIGIN'
  })
  app.onError(({ code, set }) => {
    if (code === 'UNKNOWN') set.status = 500
    return 'failed'
  })
  // As its documentation compresses; its plugins for that import what Elysia has no more.
  app.mapResponse(async ({ headers, responseValue: value, set }) => {
    if (typeof value !== 'string' && !(value instanceof Response)) return undefined
    if (headers?.['accept-encoding']?.includes('gzip') !== true) return undefined
    const body = typeof value === 'string' ? value : await value.arrayBuffer()
    set.headers['content-encoding'] = 'gzip'
    return new Response(gzipSync(body), value instanceof Response ? value : {})
  })
  app.get('/events', subscribe(hub, { monitor, authorize, headers }), {
    beforeHandle: ({ headers, status }) =>
      headers['authorization'] === 'yes' ? undefined : status(401, 'Who are you?'),
  })
  app.get('/page', () => PAGE)
  app.get('/stream', stream(handler, { monitor, headers }))
  app.post('/stream', stream(handler, { monitor, headers }))
  return app
}

export const elysiaTargets: readonly AdapterTarget[] = [
  {
    name: 'Elysia on Node',
    http: 1,
    helmet: 'x-frame-options',
    start: (setup) =>
      new Promise((resolve) => {
        // `app.stop()` says that it does not run there: what the callback is given stops it.
        create(setup).listen({ port: 0, hostname: '127.0.0.1' }, (found) => {
          const { node: inner, stop } = found as unknown as NodeServer
          const { server } = inner
          const close = (): Promise<unknown> => Promise.resolve(stop())
          server.once('listening', () =>
            resolve({ port: (server.address() as AddressInfo).port, close }),
          )
        })
      }),
  },
]
