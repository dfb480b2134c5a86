import { createServer } from 'node:http'
import { createMemoryBroker } from '@heartline/broker'
import * as expressAdapter from '@heartline/express'
import * as honoAdapter from '@heartline/hono'
import { createHub } from '@heartline/hub'
import express from 'express'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { expect, it, onTestFinished } from 'vitest'
import { Client } from './client.ts'
import { listen } from './targets/listen.ts'

it('Express: `authorize` of a subscription refuses before the head', async () => {
  const hub = await createHub({ broker: createMemoryBroker() })
  const app = express()
  const seen: unknown[] = []
  const authorize = async (request: express.Request): Promise<void> => {
    seen.push(request.path)
    throw Object.assign(new Error('who?'), { status: 403 })
  }
  app.get('/', expressAdapter.subscribe(hub, { authorize: authorize as never }))
  app.use(((error, _request, response, _next) => {
    response.status((error as { status: number }).status).end()
  }) as express.ErrorRequestHandler)
  const application = await listen(createServer(app))
  onTestFinished(async () => {
    await application.close()
    await hub.close()
  })
  const client = new Client(1, application.port, { path: '/?topic=a' })
  expect((await client.head).status).toBe(403)
  expect(seen).toEqual(['/'])
  expect(hub.stats().sessions).toBe(0)
  client.leave()
})

it('Hono: `authorize` of a subscription refuses before the head', async () => {
  const hub = await createHub({ broker: createMemoryBroker() })
  onTestFinished(() => hub.close())
  const app = new Hono()
  const authorize = (): void => {
    throw new HTTPException(403)
  }
  app.get('/', honoAdapter.subscribe(hub, { authorize }))
  const response = await app.request('/?topic=a')
  expect(response.status).toBe(403)
  expect(hub.stats().sessions).toBe(0)
})
