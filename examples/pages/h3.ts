// #region program
import { setInterval } from 'node:timers/promises'
import { createMemoryBroker } from '@heartline/broker'
import { stream, subscribe } from '@heartline/h3'
import { createHub } from '@heartline/hub'
import { getRouterParam, H3, serve } from 'h3'

const hub = await createHub({ broker: createMemoryBroker() })
const app = new H3()

// What is published, to whoever asks for /events?topic=news
app.get('/events', subscribe(hub))
app.post('/news/:text', (event) =>
  hub.publish([{ topic: 'news', data: getRouterParam(event, 'text') }]),
)

// A stream of one handler.
app.get(
  '/clock',
  stream(async (session, signal) => {
    for await (const _ of setInterval(1_000, undefined, { signal })) {
      session.send({ type: 'tick', data: new Date().toISOString() })
    }
  }),
)

serve(app, { port: 3000 })
// #endregion
