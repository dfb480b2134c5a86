/** What runs on Workers: Hono with the adapter, and what became of its streams at `/counts`. */
import { stream } from '@heartline/hono'
import { StreamMetrics, type StreamHandler } from '@heartline/session/fetch'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { cors } from 'hono/cors'

const metrics = new StreamMetrics({ onError: () => undefined })
const monitor = metrics.monitor('workers')
let aborted = 0

const waits: StreamHandler = async (session, signal) => {
  session.send({ data: 'hello' })
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  aborted++
}
const ends: StreamHandler = async (session) => {
  for (let i = 0; i < 3; i++) {
    session.send({ data: `event ${i}` })
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const fails: StreamHandler = () => {
  throw new Error('no database')
}

const app = new Hono()
app.use(cors({ origin: 'http://shop.example' }))
app.use('/stream', compress({ threshold: 0 }))
app.use('/private', async (c, next) =>
  c.req.header('authorization') === 'yes' ? next() : c.text('Who are you?', 401),
)
app.get('/private', stream(waits, { monitor }))
app.get('/stream', stream(waits, { monitor, heartbeatMs: 1_000 }))
app.get('/ends', stream(ends, { monitor, closeWhenDone: true }))
app.get('/throws', stream(fails, { monitor }))
app.get('/counts', (c) => c.json({ ...metrics.counts('workers'), aborted }))
app.onError((error, c) =>
  'getResponse' in error ? (error.getResponse as () => Response)() : c.text('failed', 500),
)

// The runtime asks for a default export.
export { app as default }
