import type { AddressInfo } from 'node:net'
import compress from '@fastify/compress'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import { heartline, stream, subscribe } from '@heartline/fastify'
import { fastify, type FastifyInstance, type preHandlerHookHandler } from 'fastify'
import { ORIGIN, PAGE, type AdapterTarget, type Application, type Setup } from '../target.ts'

const authenticate: preHandlerHookHandler = (request, reply, done) => {
  if (request.headers.authorization === 'yes') done()
  else void reply.code(401).send('Who are you?')
}

async function start(app: FastifyInstance, setup: Setup): Promise<Application> {
  const { hub, monitor, handler, authorize, headers } = setup
  await app.register(compress, { threshold: 0, customTypes: () => true })
  await app.register(cors, { origin: ORIGIN })
  await app.register(helmet)
  await app.register(heartline)
  app.get('/events', { preHandler: authenticate }, subscribe(hub, { monitor, authorize, headers }))
  app.get('/page', (_request, reply) => reply.type('text/plain').send(PAGE))
  app.get('/stream', stream(handler, { monitor, headers }))
  app.post('/stream', stream(handler, { monitor, headers }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
}

const about = { helmet: 'x-frame-options' }

export const fastifyTargets: readonly AdapterTarget[] = [
  { name: 'Fastify', http: 1, ...about, start: (setup) => start(fastify(), setup) },
  {
    name: 'Fastify',
    http: 2,
    ...about,
    start: (setup) => start(fastify({ http2: true }) as unknown as FastifyInstance, setup),
  },
]
