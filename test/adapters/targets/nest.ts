import 'reflect-metadata'
import type { AddressInfo, Server } from 'node:net'
import compress from '@fastify/compress'
import fastifyHelmet from '@fastify/helmet'
import { HeartlineModule, Stream, Subscribe } from '@heartline/nest'
import {
  Controller,
  Get,
  Module,
  Post,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common'
import { HttpAdapterHost, NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import compression from 'compression'
import helmet from 'helmet'
import { ORIGIN, PAGE, type AdapterTarget, type Application, type Setup } from '../target.ts'

class AuthenticationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>()
    if (headers['authorization'] === 'yes') return true
    throw new UnauthorizedException()
  }
}

/** The decorators as functions: these files are compiled without their syntax. */
function moduleOf({ hub, monitor, handler, authorize, headers }: Setup) {
  class StreamController {
    events() {
      return authorize?.()
    }

    page(): string {
      return PAGE
    }

    feed() {
      return handler
    }

    post() {
      return handler
    }
  }
  const { prototype } = StreamController
  const on = (
    name: 'events' | 'page' | 'feed' | 'post',
    ...decorators: MethodDecorator[]
  ): void => {
    for (const decorate of decorators) {
      const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!
      decorate(prototype, name, descriptor as never)
      Object.defineProperty(prototype, name, descriptor)
    }
  }
  on(
    'events',
    Subscribe(() => hub, 'events', { monitor, headers }),
    UseGuards(AuthenticationGuard),
  )
  on('page', Get('page'))
  on('feed', Stream('stream', { monitor, headers }))
  on('post', Stream('stream', { monitor, headers }), Post('stream'))
  Controller()(StreamController)
  class ApplicationModule {}
  Module({
    imports: [HeartlineModule.forRoot({ host: HttpAdapterHost })],
    controllers: [StreamController],
  })(ApplicationModule)
  return ApplicationModule
}

async function listen(app: INestApplication): Promise<Application> {
  app.enableCors({ origin: ORIGIN })
  await app.listen(0, '127.0.0.1')
  const server = app.getHttpServer() as Server
  return { port: (server.address() as AddressInfo).port, close: () => app.close() }
}

async function startOnExpress(setup: Setup): Promise<Application> {
  const app = await NestFactory.create(moduleOf(setup), { logger: false })
  app.use(compression({ threshold: 0 }), helmet())
  return listen(app)
}

async function startOnFastify(setup: Setup, options: object): Promise<Application> {
  const adapter = new FastifyAdapter(options)
  await adapter.getInstance().register(compress as never, { threshold: 0 } as never)
  await adapter.getInstance().register(fastifyHelmet as never)
  return listen(await NestFactory.create(moduleOf(setup), adapter, { logger: false }))
}

const about = { helmet: 'x-frame-options' }

export const nestTargets: readonly AdapterTarget[] = [
  { name: 'Nest on Express', http: 1, ...about, start: startOnExpress },
  { name: 'Nest on Fastify', http: 1, ...about, start: (setup) => startOnFastify(setup, {}) },
  {
    name: 'Nest on Fastify',
    http: 2,
    ...about,
    start: (setup) => startOnFastify(setup, { http2: true }),
  },
]
