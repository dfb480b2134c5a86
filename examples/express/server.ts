import { createMemoryBroker } from '@heartline/broker'
import { subscribe } from '@heartline/express'
import { createHub } from '@heartline/hub'
import express, { type Request, type RequestHandler } from 'express'

const hub = await createHub({ broker: createMemoryBroker() })
const users = new Map([
  ['Bearer ann-secret', 'ann'],
  ['Bearer bob-secret', 'bob'],
])
const userOf = (request: Request): string | undefined =>
  users.get(request.headers.authorization ?? '')

const authenticate: RequestHandler = (request, response, next) => {
  if (userOf(request) === undefined) response.status(401).send('Who are you?')
  else next()
}

const app = express()
app.use(authenticate, express.json())
// #region routes
app.get(
  '/events',
  subscribe(hub, {
    authorize: (request: Request) => ({ selectors: [`notes/${userOf(request)}`] }),
  }),
)
app.post('/notes/:user', async (request, response) => {
  const data = { from: userOf(request), text: String(request.body.text) }
  const topic = `notes/${request.params.user}`
  response.status(201).json(await hub.publish([{ topic, type: 'note', data }]))
})
// #endregion

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log('listening on', `http://127.0.0.1:${(server.address() as { port: number }).port}`)
})
// Tells the readers when to come back, and ends their streams.
process.once('SIGTERM', () => server.close(() => void hub.close()))
