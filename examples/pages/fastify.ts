// #region program
import { setInterval } from 'node:timers/promises'
import { createMemoryBroker } from '@heartline/broker'
import { heartline, stream, subscribe } from '@heartline/fastify'
import { createHub } from '@heartline/hub'
import { fastify } from 'fastify'

const hub = await createHub({ broker: createMemoryBroker() })
const app = fastify()
await app.register(heartline)

// What is published, to whoever asks for /events?topic=news
app.get('/events', subscribe(hub))
app.post<{ Params: { text: string } }>('/news/:text', ({ params }) =>
  hub.publish([{ topic: 'news', data: params.text }]),
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

await app.listen({ port: 3000 })
// #endregion
