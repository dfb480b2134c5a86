import { createMemoryBroker } from '@heartline/broker'
import { subscribe } from '@heartline/express'
import { createHub, type Hub } from '@heartline/hub'
import express, { type Express } from 'express'

export async function create(): Promise<{ app: Express; hub: Hub }> {
  const app = express()
  // #region stream
  const hub = await createHub({
    broker: createMemoryBroker(),
    // Each new reader is given the present value of each key first, as with `new SSE(initial)`.
    namespaces: [{ topics: 'scores', history: 'latest' }],
  })

  app.get('/scores', subscribe(hub, { authorize: () => ({ selectors: ['scores'] }) }))
  app.post('/scores/:team/:goals', async (request, response) => {
    const { team, goals } = request.params
    const data = { team, goals: Number(goals) }
    response.json(await hub.publish([{ topic: 'scores', type: 'score', key: team, data }]))
  })
  // #endregion
  return { app, hub }
}
