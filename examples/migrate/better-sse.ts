import { setInterval } from 'node:timers/promises'
import { createMemoryBroker } from '@heartline/broker'
import { stream, subscribe } from '@heartline/express'
import { createHub, type Hub } from '@heartline/hub'
import express, { type Express, type Request } from 'express'

export async function create(): Promise<{ app: Express; hub: Hub }> {
  const app = express()
  // #region session
  app.get(
    '/clock',
    stream(async (session, signal) => {
      session.send({ type: 'greeting', data: JSON.stringify('hello') })
      for await (const _ of setInterval(1_000, undefined, { signal })) {
        session.send({ type: 'tick', data: JSON.stringify(Date.now()) })
      }
    }),
  )
  // #endregion
  // #region iterate
  app.get(
    '/numbers',
    stream(async (session) => {
      const events = [1, 2, 3].map((n) => ({ id: String(n), data: JSON.stringify(n) }))
      await session.stream(events)
      session.close()
    }),
  )
  // #endregion
  // #region channel
  const hub = await createHub({ broker: createMemoryBroker() })

  app.get(
    '/users/:user/prices',
    subscribe(hub, {
      authorize: ({ params }: Request<{ user: string }>) => ({
        selectors: ['prices', `users/${params.user}`],
      }),
    }),
  )
  app.post('/prices/:price', async (request, response) => {
    const event = { topic: 'prices', type: 'price', data: Number(request.params.price) }
    response.json(await hub.publish([event]))
  })
  // #endregion
  return { app, hub }
}
