// #region program
import { setInterval } from 'node:timers/promises'
import { createMemoryBroker } from '@heartline/broker'
import { stream, subscribe } from '@heartline/hono'
import { createHub } from '@heartline/hub'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const hub = await createHub({ broker: createMemoryBroker() })
const app = new Hono()

// What is published, to whoever asks for /events?topic=news
app.get('/events', subscribe(hub))
app.post('/news/:text', async (c) =>
  c.json(await hub.publish([{ topic: 'news', data: c.req.param('text') }])),
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

serve({ fetch: app.fetch, port: 3000 }) // on Bun, Deno and Workers: export default app
// #endregion
