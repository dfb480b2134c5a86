import http2 from 'node:http2'
import type { Server } from 'node:net'
import { serve, type HttpBindings, type ServerType } from '@hono/node-server'
import { createHandler, type HandlerOptions } from '@heartline/graphql'
import { groupOf } from '@heartline/session/fetch'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { cors } from 'hono/cors'
import { secureHeaders } from 'hono/secure-headers'
import { ORIGIN } from '../target.ts'
import type { GraphqlApplication, GraphqlTarget } from './target.ts'

/** @param isParsed A middleware has read the body. */
function start(
  options: HandlerOptions<unknown>,
  { isParsed = false, ...more }: { isParsed?: boolean; createServer?: unknown } = {},
): Promise<GraphqlApplication> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.use(compress({ threshold: 0 }), cors({ origin: ORIGIN }), secureHeaders())
  if (isParsed) {
    app.post('/graphql', async (context) => {
      const { raw } = context.req
      const body: unknown = await context.req.json()
      return graphql(raw, { body, monitor: groupOf(context.env.incoming) })
    })
  }
  const graphql = createHandler(options as HandlerOptions<Request>)
  // #region mount
  app.all('/graphql', (context) =>
    graphql(context.req.raw, { monitor: groupOf(context.env.incoming) }),
  )
  // #endregion
  return new Promise((resolve) => {
    const how = { fetch: app.fetch, port: 0, hostname: '127.0.0.1', ...more } as object
    const server: ServerType = serve(how as Parameters<typeof serve>[0], ({ port }) => {
      const close = (): Promise<unknown> =>
        new Promise((closed) => void (server as Server).close(closed))
      resolve({ graphql, port, close })
    })
  })
}

export const honoTargets: readonly GraphqlTarget[] = [
  { name: 'Hono', http: 1, start: (options) => start(options) },
  { name: 'Hono, body read', http: 1, start: (options) => start(options, { isParsed: true }) },
  {
    name: 'Hono',
    http: 2,
    start: (options) => start(options, { createServer: http2.createServer }),
  },
]
