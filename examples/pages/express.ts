// #region program
import { setInterval } from 'node:timers/promises'
import { createMemoryBroker } from '@heartline/broker'
import { stream, subscribe } from '@heartline/express'
import { createHub } from '@heartline/hub'
import express from 'express'

const hub = await createHub({ broker: createMemoryBroker() })
const app = express()

// What is published, to whoever asks for /events?topic=news
app.get('/events', subscribe(hub))
app.post('/news/:text', async ({ params }, response) => {
  response.json(await hub.publish([{ topic: 'news', data: params.text }]))
})

// A stream of one handler.
app.get(
  '/clock',
  stream(async (session, signal) => {
    for await (const _ of setInterval(1_000, undefined, { signal })) {
      session.send({ type: 'tick', data: new Date().toISOString() })
    }
  }),
)

app.listen(3000)
// #endregion
