// #region program
import { setInterval } from 'node:timers/promises'
import { node } from '@elysiajs/node' // not on Bun
import { createMemoryBroker } from '@heartline/broker'
import { heartline, stream, subscribe } from '@heartline/elysia'
import { createHub } from '@heartline/hub'
import { Elysia } from 'elysia'

const hub = await createHub({ broker: createMemoryBroker() })
const app = new Elysia({ adapter: node() }).use(heartline)

// What is published, to whoever asks for /events?topic=news
app.get('/events', subscribe(hub))
app.post('/news/:text', ({ params }) => hub.publish([{ topic: 'news', data: params.text }]))

// A stream of one handler.
app.get(
  '/clock',
  stream(
    async (session, signal) => {
      for await (const _ of setInterval(1_000, undefined, { signal })) {
        session.send({ type: 'tick', data: new Date().toISOString() })
      }
    },
    { heartbeatMs: 9_000 },
  ),
)

app.listen(3000)
// #endregion
