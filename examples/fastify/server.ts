import { createMemoryBroker } from '@heartline/broker'
import { heartline, subscribe } from '@heartline/fastify'
import { createHub } from '@heartline/hub'
import { fastify, type FastifyRequest } from 'fastify'

const hub = await createHub({ broker: createMemoryBroker() })
const users = new Map([
  ['Bearer ann-secret', 'ann'],
  ['Bearer bob-secret', 'bob'],
])
const userOf = (request: FastifyRequest): string | undefined =>
  users.get(request.headers.authorization ?? '')

const app = fastify()
await app.register(heartline)
app.addHook('onRequest', async (request, reply) => {
  if (userOf(request) === undefined) await reply.code(401).send('Who are you?')
})
app.get(
  '/events',
  subscribe(hub, {
    authorize: (request: FastifyRequest) => ({ selectors: [`notes/${userOf(request)}`] }),
  }),
)
app.post<{ Params: { user: string }; Body: { text: string } }>(
  '/notes/:user',
  async (request, reply) => {
    const data = { from: userOf(request), text: String(request.body.text) }
    const topic = `notes/${request.params.user}`
    return reply.code(201).send(await hub.publish([{ topic, type: 'note', data }]))
  },
)
app.addHook('onClose', () => hub.close())

console.log('listening on', await app.listen({ port: Number(process.env['PORT'] ?? 3000) }))
// The plugin tells the readers when to come back, and ends their streams.
process.once('SIGTERM', () => void app.close())
