import { defineEvents, typedHandler } from '@heartline/events'
import { openApiRoute, toOpenApi } from '@heartline/events/openapi'
import { stream } from '@heartline/express'
import express, { type Express } from 'express'
import { z } from 'zod'

export function create(): Express {
  const app = express()
  // #region route
  const events = defineEvents({
    tick: z.object({ n: z.number().int() }),
    done: z.object({ ticks: z.number().int() }),
  })
  const route = openApiRoute(
    toOpenApi({
      info: { title: 'Ticks', version: '1.0.0' },
      version: '3.1',
      paths: { '/ticks': { events, operationId: 'readTicks' } },
    }),
  )

  app.get('/openapi.json', route.node)
  app.get(
    '/ticks',
    stream(
      typedHandler(events, (session) => {
        for (let n = 1; n <= 3; n++) session.send('tick', { n })
        session.send('done', { ticks: 3 })
      }),
      { closeWhenDone: true },
    ),
  )
  // #endregion
  return app
}
