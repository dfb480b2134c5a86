/** Typed events and their description, mounted in each framework through its adapter. */
import 'reflect-metadata'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { node } from '@elysiajs/node'
import { createClient } from '@heartline/client'
import * as onElysia from '@heartline/elysia'
import { defineEvents, typedHandler } from '@heartline/events'
import { openApiRoute, toOpenApi } from '@heartline/events/openapi'
import * as onExpress from '@heartline/express'
import * as onFastify from '@heartline/fastify'
import * as onH3 from '@heartline/h3'
import * as onHono from '@heartline/hono'
import * as onKoa from '@heartline/koa'
import { HeartlineModule, Stream } from '@heartline/nest'
import { createStreamListener } from '@heartline/session'
import { Controller, Module } from '@nestjs/common'
import { HttpAdapterHost, NestFactory } from '@nestjs/core'
import { getRequestListener } from '@hono/node-server'
import { Elysia } from 'elysia'
import express from 'express'
import { fastify } from 'fastify'
import { H3, toNodeHandler } from 'h3'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'

const events = defineEvents({ tick: z.object({ n: z.number() }) })
const route = openApiRoute(
  toOpenApi({ info: { title: 'Ticks', version: '1' }, paths: { '/ticks': { events } } }),
)
const handler = typedHandler(events, (session) => {
  session.send('tick', { n: 7 })
})

interface Mounted {
  readonly port: number
  close(this: void): unknown
}

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

async function listen(listener: RequestListener): Promise<Mounted> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return mounted(server)
}

function mounted(server: Server): Mounted {
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()))
  return { port: (server.address() as AddressInfo).port, close }
}

const frameworks: Readonly<Record<string, () => Promise<Mounted>>> = {
  'node:http': () => {
    const ticks = createStreamListener(handler)
    return listen((request, response) =>
      request.url === '/openapi.json' ? route.node(request, response) : ticks(request, response),
    )
  },
  Express: () => {
    const app = express()
    app.get('/openapi.json', route.node)
    app.get('/ticks', onExpress.stream(handler))
    return listen(app)
  },
  Fastify: async () => {
    const app = fastify()
    await app.register(onFastify.heartline)
    app.get('/openapi.json', (request, reply) => {
      reply.hijack()
      route.node(request.raw, reply.raw)
    })
    app.get('/ticks', onFastify.stream(handler))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
  },
  Koa: () => {
    const app = new Koa()
    const ticks = onKoa.stream(handler)
    app.use(async (ctx) => {
      if (ctx.path === '/ticks') return ticks(ctx)
      ctx.respond = false
      route.node(ctx.req, ctx.res)
    })
    return listen(app.callback() as RequestListener)
  },
  Nest: async () => {
    class Ticks {
      ticks(): typeof handler {
        return handler
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Ticks.prototype, 'ticks')
    Stream('ticks')(Ticks.prototype, 'ticks', descriptor as never)
    Object.defineProperty(Ticks.prototype, 'ticks', descriptor as never)
    Controller()(Ticks)
    class App {}
    Module({
      imports: [HeartlineModule.forRoot({ host: HttpAdapterHost })],
      controllers: [Ticks],
    })(App)
    const app = await NestFactory.create(App, { logger: false })
    app.use('/openapi.json', route.node)
    await app.listen(0, '127.0.0.1')
    const server = app.getHttpServer() as Server
    return { port: (server.address() as AddressInfo).port, close: () => app.close() }
  },
  Hono: () => {
    const app = new Hono()
    app.get('/openapi.json', (c) => route.fetch(c.req.raw))
    app.get('/ticks', onHono.stream(handler))
    return listen(getRequestListener(app.fetch) as RequestListener)
  },
  h3: () => {
    const app = new H3({ silent: true })
    app.get('/openapi.json', (event) => route.fetch(event.req as Request))
    app.get('/ticks', onH3.stream(handler as never))
    return listen(toNodeHandler(app) as never)
  },
  Elysia: () =>
    new Promise((resolve) => {
      const app = new Elysia({ adapter: node() })
      onElysia.heartline(app)
      app.get('/openapi.json', ({ request }) => route.fetch(request))
      app.get('/ticks', onElysia.stream(handler))
      app.listen({ port: 0, hostname: '127.0.0.1' }, (found) => {
        const { node: inner, stop } = found as unknown as {
          readonly node: { readonly server: Server }
          readonly stop: () => unknown
        }
        const { server } = inner
        server.once('listening', () => resolve({ ...mounted(server), close: () => stop() }))
      })
    }),
}

it.each(Object.keys(frameworks))(
  '%s sends typed events and serves their description',
  async (name) => {
    const { port, close } = (await frameworks[name]?.()) ?? expect.unreachable()
    closers.push(close)
    const url = `http://127.0.0.1:${port}`
    const client = createClient({ url: `${url}/ticks`, schemas: events.schemas })
    closers.push(() => client.close())
    expect(await new Promise((resolve) => client.on('tick', resolve))).toEqual({ n: 7 })

    const served = await fetch(`${url}/openapi.json`)
    expect(served.headers.get('content-type')).toContain('application/json')
    expect(served.headers.get('access-control-allow-origin')).toBe('*')
    expect(await served.json()).toMatchObject({ openapi: '3.2.0', paths: { '/ticks': {} } })
    const headers = { 'if-none-match': served.headers.get('etag') ?? '' }
    expect((await fetch(`${url}/openapi.json`, { headers })).status).toBe(304)
  },
)
