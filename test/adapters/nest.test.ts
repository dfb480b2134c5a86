import 'reflect-metadata'
import type { AddressInfo, Server } from 'node:net'
import { Stream, type NestHandler } from '@heartline/nest'
import {
  Catch,
  Controller,
  Module,
  Param,
  Query,
  UseFilters,
  UseInterceptors,
  Version,
  VersioningType,
  type ArgumentsHost,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from '../../packages/session/test/kit/reader.ts'
import { Client } from './client.ts'
import { describeAdapters } from './conformance.ts'
import { nestTargets } from './targets/nest.ts'

describeAdapters(nestTargets)

const seen: string[] = []

class Interceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    seen.push(context.getHandler().name)
    return next.handle()
  }
}

class Filter implements ExceptionFilter {
  catch(_: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<{
      status(code: number): { send(text: string): void }
    }>()
    response.status(418).send('filtered')
  }
}
Catch()(Filter)

/** The decorators as functions: these files are compiled without their syntax. */
function moduleOf() {
  class PriceController {
    prices(id: string, count: string = 'all', currency: string = 'EUR'): NestHandler {
      if (id === 'none') throw new Error('no such price')
      return (session) => void session.send({ data: `${id} ${count} ${currency}` })
    }
  }
  const { prototype } = PriceController
  const key = 'prices'
  Param('id')(prototype, key, 0)
  Query('count')(prototype, key, 1)
  Query('currency')(prototype, key, 2)
  const descriptor = Object.getOwnPropertyDescriptor(prototype, key)!
  const decorators = [UseInterceptors(Interceptor), UseFilters(Filter), Version('2')]
  for (const decorate of [Stream('prices/:id'), ...decorators]) {
    decorate(prototype, key, descriptor as never)
    Object.defineProperty(prototype, key, descriptor)
  }
  Controller('market')(PriceController)
  class ApplicationModule {}
  Module({ controllers: [PriceController] })(ApplicationModule)
  return ApplicationModule
}

const platforms: readonly (readonly [string, () => Promise<INestApplication>])[] = [
  ['Express', () => NestFactory.create(moduleOf(), { logger: false })],
  ['Fastify', () => NestFactory.create(moduleOf(), new FastifyAdapter(), { logger: false })],
]

describe.each(platforms)('A stream in Nest on %s', (_, create) => {
  async function listen(): Promise<(path: string) => Client> {
    const app = await create()
    app.setGlobalPrefix('api')
    app.enableVersioning({ type: VersioningType.URI })
    await app.listen(0, '127.0.0.1')
    onTestFinished(() => app.close())
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo
    return (path) => {
      const client = new Client(1, port, { path })
      onTestFinished(() => client.leave())
      return client
    }
  }

  it('has the prefix, the version, the interceptors and the filters of its method', async () => {
    const ask = await listen()
    seen.length = 0
    const client = ask('/api/v2/market/prices/a')
    await until(() => client.data.length === 1)
    expect(seen).toEqual(['prices'])
    expect((await ask('/api/v2/market/prices/none').head).status).toBe(418)
    expect((await ask('/api/v1/market/prices/a').head).status).toBe(404)
  })

  it('gives its method all arguments, those with a default too', async () => {
    const ask = await listen()
    const some = ask('/api/v2/market/prices/a')
    const all = ask('/api/v2/market/prices/a?count=3&currency=USD')
    await until(() => some.data.length === 1 && all.data.length === 1)
    expect([some.data, all.data]).toEqual([['a all EUR'], ['a 3 USD']])
  })
})
