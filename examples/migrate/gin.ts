import { once } from 'node:events'
import { createMemoryBroker } from '@heartline/broker'
import { stream, subscribe } from '@heartline/express'
import { createHub, type Hub } from '@heartline/hub'
import express, { type Express } from 'express'

/** `jobs` emits `progress` with a number. */
export async function create(jobs: EventTarget): Promise<{ app: Express; hub: Hub }> {
  const app = express()
  // #region stream
  app.get(
    '/progress',
    stream(async (session, signal) => {
      while (!signal.aborted) {
        const [event] = await once(jobs, 'progress', { signal })
        session.send({ type: 'progress', data: JSON.stringify(event.detail) })
      }
    }),
  )
  // #endregion
  // #region rooms
  const hub = await createHub({ broker: createMemoryBroker() })

  app.get('/rooms/:room', (request, response, next) => {
    const authorize = () => ({ selectors: [`rooms/${request.params.room}`] })
    return subscribe(hub, { authorize })(request, response, next)
  })
  app.post('/rooms/:room', express.text(), async (request, response) => {
    const topic = `rooms/${request.params.room}`
    response.json(await hub.publish([{ topic, type: 'message', data: request.body }]))
  })
  // #endregion
  return { app, hub }
}
