import { createServer, type RequestListener } from 'node:http'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import type { HandlerOptions } from '@heartline/graphql'
import { createNodeHandler, type NodeHandler } from '@heartline/graphql/node'
import { bodyParser } from '@koa/bodyparser'
// @ts-expect-error It comes without types.
import cors from '@koa/cors'
import Koa from 'koa'
import compress from 'koa-compress'
import helmet from 'koa-helmet'
import { ORIGIN } from '../target.ts'
import { listen } from '../targets/listen.ts'
import type { GraphqlTarget } from './target.ts'

declare module 'koa' {
  interface Request {
    body?: unknown
  }
}

function create(options: HandlerOptions<unknown>): { app: Koa; graphql: NodeHandler } {
  const app = new Koa()
  app.silent = true
  app.use(compress({ threshold: 0 }) as never)
  app.use(cors({ origin: ORIGIN }))
  app.use(helmet())
  app.use(bodyParser())
  // #region mount
  const graphql = createNodeHandler(options)
  app.use((context, next) => {
    if (context.path !== '/graphql') return next()
    context.respond = false
    return graphql(context.req, context.res, { body: context.request.body })
  })
  // #endregion
  return { app, graphql }
}

export const koaTargets: readonly GraphqlTarget[] = [
  {
    name: 'Koa',
    http: 1,
    start: async (options) => {
      const { app, graphql } = create(options)
      return { graphql, ...(await listen(createServer(app.callback() as RequestListener))) }
    },
  },
  {
    name: 'Koa',
    http: 2,
    start: async (options) => {
      const { app, graphql } = create(options)
      const server = http2.createServer(app.callback() as never) as unknown as Server
      return { graphql, ...(await listen(server)) }
    },
  },
]
