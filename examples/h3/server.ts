import { createServer } from 'node:http'
import { createMemoryBroker } from '@heartline/broker'
import { subscribe } from '@heartline/h3'
import { createHub } from '@heartline/hub'
import { getRouterParam, H3, HTTPError, readBody, toNodeHandler } from 'h3'

const hub = await createHub({ broker: createMemoryBroker() })
const users = new Map([
  ['Bearer ann-secret', 'ann'],
  ['Bearer bob-secret', 'bob'],
])

const app = new H3()
app.use((event) => {
  const user = users.get(event.req.headers.get('authorization') ?? '')
  if (user === undefined) throw new HTTPError({ status: 401, message: 'Who are you?' })
  event.context['user'] = user
})
app.get(
  '/events',
  subscribe(hub, {
    authorize: ({ context }) => ({ selectors: [`notes/${String(context['user'])}`] }),
  }),
)
app.post('/notes/:user', async (event) => {
  const body = await readBody<{ text: string }>(event)
  const data = { from: event.context['user'], text: String(body?.text) }
  event.res.status = 201
  const topic = `notes/${getRouterParam(event, 'user')}`
  return hub.publish([{ topic, type: 'note', data }])
})

const server = createServer(toNodeHandler(app) as never)
server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log('listening on', `http://127.0.0.1:${(server.address() as { port: number }).port}`)
})
// Tells the readers when to come back, and ends their streams.
process.once('SIGTERM', () => server.close(() => void hub.close()))
