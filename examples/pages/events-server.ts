// #region program
import { setInterval } from 'node:timers/promises'
import { typedHandler } from '@heartline/events'
import { openApiRoute, toOpenApi } from '@heartline/events/openapi'
import { stream } from '@heartline/express' // or fastify, koa, nest, hono, h3, elysia, session
import express from 'express'
import { events } from './events.ts'

const app = express()
app.get(
  '/prices',
  stream(
    typedHandler(events, async (session, signal) => {
      for await (const _ of setInterval(1_000, undefined, { signal })) {
        session.send('price', { symbol: 'ACME', bid: Math.random() })
        // @ts-expect-error It does not compile, and would throw HL_EVENTS_DATA_INVALID.
        if (signal.aborted) session.send('price', { symbol: 'ACME', bid: 'high' })
      }
    }),
  ),
)

const info = { title: 'Prices', version: '1.0.0' }
const description = toOpenApi({ info, paths: { '/prices': { events } } })
app.get('/openapi.json', openApiRoute(description).node)

app.listen(3000)
// #endregion
