import type { AddressInfo } from 'node:net'
import compress from '@fastify/compress'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import type { HandlerOptions } from '@heartline/graphql'
import { createNodeHandler } from '@heartline/graphql/node'
import { fastify, type FastifyInstance } from 'fastify'
import { ORIGIN } from '../target.ts'
import type { GraphqlApplication, GraphqlTarget } from './target.ts'

async function start(
  app: FastifyInstance,
  options: HandlerOptions<unknown>,
): Promise<GraphqlApplication> {
  await app.register(compress, { threshold: 0, customTypes: () => true })
  await app.register(cors, { origin: ORIGIN })
  await app.register(helmet)
  // #region mount
  const graphql = createNodeHandler(options)
  app.all('/graphql', (request, reply) => {
    // A hijacked reply forgets what was set on it: the headers of CORS.
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value)
    }
    reply.hijack()
    return graphql(request.raw, reply.raw, { body: request.body })
  })
  // #endregion
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return { graphql, port, close: () => app.close() }
}

export const fastifyTargets: readonly GraphqlTarget[] = [
  { name: 'Fastify 5', http: 1, start: (options) => start(fastify(), options) },
  {
    name: 'Fastify 5',
    http: 2,
    start: (options) => start(fastify({ http2: true }) as unknown as FastifyInstance, options),
  },
]
