import { createMemoryBroker } from '@heartline/broker'
import { createHub } from '@heartline/hub'
import { subscribe } from '@heartline/koa'
import Koa, { type Context } from 'koa'

const hub = await createHub({ broker: createMemoryBroker() })
const users = new Map([
  ['Bearer ann-secret', 'ann'],
  ['Bearer bob-secret', 'bob'],
])

const app = new Koa()
app.use(async (ctx, next) => {
  ctx.state['user'] = users.get(ctx.get('authorization'))
  if (ctx.state['user'] === undefined) ctx.throw(401, 'Who are you?')
  await next()
})

const events = subscribe(hub, {
  authorize: (ctx: Context) => ({ selectors: [`notes/${ctx.state['user']}`] }),
})
app.use(async (ctx, next) => (ctx.path === '/events' ? events(ctx) : next()))

// With @koa/router and @koa/bodyparser in an application; here without either.
app.use(async (ctx) => {
  const [, to] = /^\/notes\/(\w+)$/.exec(ctx.path) ?? []
  if (to === undefined || ctx.method !== 'POST') return
  const body = await new Response(ctx.req as unknown as ReadableStream).json()
  const data = { from: ctx.state['user'], text: String((body as { text: unknown }).text) }
  ctx.body = await hub.publish([{ topic: `notes/${to}`, type: 'note', data }])
  ctx.status = 201
})

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log('listening on', `http://127.0.0.1:${(server.address() as { port: number }).port}`)
})
// Tells the readers when to come back, and ends their streams.
process.once('SIGTERM', () => server.close(() => void hub.close()))
