// #region program
import { setInterval } from 'node:timers/promises'
import { createMemoryBroker } from '@heartline/broker'
import { createHub } from '@heartline/hub'
import { stream, subscribe } from '@heartline/koa'
import Router from '@koa/router'
import Koa, { type Context } from 'koa'

const hub = await createHub({ broker: createMemoryBroker() })
const app = new Koa()
const router = new Router()

// What is published, to whoever asks for /events?topic=news
router.get('/events', subscribe(hub))
router.post('/news/:text', async (ctx: Context) => {
  ctx.body = await hub.publish([{ topic: 'news', data: ctx['params'].text }])
})

// A stream of one handler.
router.get(
  '/clock',
  stream(async (session, signal) => {
    for await (const _ of setInterval(1_000, undefined, { signal })) {
      session.send({ type: 'tick', data: new Date().toISOString() })
    }
  }),
)

app.use(router.routes())
app.listen(3000)
// #endregion
