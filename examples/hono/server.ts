import { createMemoryBroker } from '@heartline/broker'
import { subscribe } from '@heartline/hono'
import { createHub } from '@heartline/hub'
import { serve } from '@hono/node-server'
import { Hono, type Context } from 'hono'

const hub = await createHub({ broker: createMemoryBroker() })
const users = new Map([
  ['Bearer ann-secret', 'ann'],
  ['Bearer bob-secret', 'bob'],
])

type Env = { Variables: { user: string } }
const app = new Hono<Env>()
app.use(async (c, next) => {
  const user = users.get(c.req.header('authorization') ?? '')
  if (user === undefined) return c.text('Who are you?', 401)
  c.set('user', user)
  return next()
})
app.get(
  '/events',
  subscribe(hub, { authorize: (c: Context<Env>) => ({ selectors: [`notes/${c.get('user')}`] }) }),
)
app.post('/notes/:user', async (c) => {
  const { text } = await c.req.json<{ text: string }>()
  const data = { from: c.get('user'), text: String(text) }
  const topic = `notes/${c.req.param('user')}`
  return c.json(await hub.publish([{ topic, type: 'note', data }]), 201)
})

// On Bun, Deno and Workers: `export default app`.
const how = { fetch: app.fetch, port: Number(process.env['PORT'] ?? 3000), hostname: '127.0.0.1' }
const server = serve(how, ({ port }) => console.log('listening on', `http://127.0.0.1:${port}`))
// Tells the readers when to come back, and ends their streams.
process.once('SIGTERM', () => server.close(() => void hub.close()))
