import { createServer, type RequestListener } from 'node:http'
import type { Server } from 'node:net'
import * as elysiaAdapter from '@heartline/elysia'
import * as expressAdapter from '@heartline/express'
import * as fastifyAdapter from '@heartline/fastify'
import * as h3Adapter from '@heartline/h3'
import * as honoAdapter from '@heartline/hono'
import * as koaAdapter from '@heartline/koa'
import type { Session } from '@heartline/session'
import express from 'express'
import { fastify } from 'fastify'
import { H3 } from 'h3'
import { Hono } from 'hono'
import Koa from 'koa'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sleep, until } from '../../packages/session/test/kit/reader.ts'
import { Client } from './client.ts'
import { listen } from './targets/listen.ts'

const one = (session: Session): void => void session.send({ data: 'one' })
const two = (session: Session): void => void session.send({ data: 'two' })
const headSent = { code: 'HL_HEAD_SENT' }
/** Frameworks wrap what is refused. */
const codeOf = (error: unknown): unknown => {
  const { code, cause, data } = error as Record<string, { code?: string } | undefined>
  return code ?? data?.code ?? cause?.code
}

async function open(server: Server): Promise<Client> {
  const application = await listen(server)
  const client = new Client(1, application.port, { path: '/' })
  onTestFinished(async () => {
    client.leave()
    await application.close()
  })
  return client
}

/** Only the first stream is there, and it goes on. */
async function expectOne(client: Client): Promise<void> {
  await until(() => client.data.length > 0)
  await sleep(100)
  expect(client.data).toEqual(['one'])
  expect(client.isGone).toBe(false)
}

describe('A second stream in answer to one request', () => {
  it('is no error for Express, whose page of errors would cut the first', async () => {
    const warnings: unknown[] = []
    const onWarning = (warning: unknown): void => void warnings.push(warning)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const app = express()
    const first = expressAdapter.stream(one)
    const second = expressAdapter.stream(two)
    app.get('/', async (request, response, next) => {
      await first(request, response, next)
      await second(request, response, next)
    })
    await expectOne(await open(createServer(app)))
    expect(warnings).toMatchObject([headSent])
  })

  it('does not cut the first, which came while Express authorized it', async () => {
    const warnings: unknown[] = []
    const onWarning = (warning: unknown): void => void warnings.push(warning)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const app = express()
    const first = expressAdapter.stream(one)
    const second = expressAdapter.stream(two, { authorize: () => sleep(30) })
    app.get('/', (request, response, next) => {
      void first(request, response, next)
      return second(request, response, next)
    })
    await expectOne(await open(createServer(app)))
    expect(warnings).toMatchObject([headSent])
  })

  it('is refused by Fastify', async () => {
    const errors: unknown[] = []
    const app = fastify()
    const first = fastifyAdapter.stream(one)
    const second = fastifyAdapter.stream(two)
    app.get('/', async (request, reply) => {
      await first(request, reply)
      return second(request, reply).catch((error: unknown) => {
        errors.push(error)
        return reply
      })
    })
    await app.ready()
    await expectOne(await open(app.server))
    expect(errors).toMatchObject([headSent])
  })

  it('is refused by Koa', async () => {
    const errors: unknown[] = []
    const app = new Koa()
    app.use(async (ctx) => {
      await koaAdapter.stream(one)(ctx)
      await koaAdapter
        .stream(two)(ctx)
        .catch((error: unknown) => void errors.push(error))
    })
    await expectOne(await open(createServer(app.callback() as RequestListener)))
    expect(errors).toMatchObject([headSent])
  })

  it('is refused before the first has sent anything', async () => {
    const errors: unknown[] = []
    const app = new Koa()
    const later = async (session: Session): Promise<void> => {
      await Promise.resolve()
      one(session)
    }
    app.use(async (ctx) => {
      const first = koaAdapter.stream(later)(ctx)
      await koaAdapter
        .stream(two)(ctx)
        .catch((error: unknown) => void errors.push(error))
      await first
    })
    await expectOne(await open(createServer(app.callback() as RequestListener)))
    expect(errors).toMatchObject([headSent])
  })

  it('is refused by Hono, h3 and Elysia', async () => {
    const hono = new Hono()
    hono.get('/', async (c) => {
      const response = await honoAdapter.stream(one)(c)
      expect(await honoAdapter.stream(two)(c).catch(codeOf)).toBe('HL_HEAD_SENT')
      return response
    })
    const h3 = new H3()
    h3.get('/', async (event) => {
      const response = await h3Adapter.stream(one)(event)
      expect(await h3Adapter.stream(two)(event).catch(codeOf)).toBe('HL_HEAD_SENT')
      return response
    })
    const elysia = async (request: Request): Promise<Response> => {
      const context = { request, set: { headers: {} } }
      const response = await elysiaAdapter.stream(one)(context)
      const second = await elysiaAdapter.stream(two)(context)
      expect(await second.json()).toMatchObject({ code: 'HL_HEAD_SENT' })
      return response
    }
    for (const fetch of [hono.fetch, h3.fetch.bind(h3), elysia]) {
      const response = await fetch(new Request('http://localhost/'))
      expect(response.status).toBe(200)
      const reader = response.body!.getReader()
      let text = ''
      while (!text.includes('data: one')) {
        text += new TextDecoder().decode((await reader.read()).value)
      }
      expect(text).not.toContain('two')
      await reader.cancel()
    }
  })
})
