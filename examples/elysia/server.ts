import { createMemoryBroker } from '@heartline/broker'
import { heartline, subscribe } from '@heartline/elysia'
import { createHub } from '@heartline/hub'
import { Elysia, t } from 'elysia'
import { listen } from './listen.ts'

const hub = await createHub({ broker: createMemoryBroker() })
const users = new Map([
  ['Bearer ann-secret', 'ann'],
  ['Bearer bob-secret', 'bob'],
])
const userOf = (request: Request): string | undefined =>
  users.get(request.headers.get('authorization') ?? '')

export const app = new Elysia()
  .use(heartline)
  .onRequest(({ request, status }) =>
    userOf(request) === undefined ? status(401, 'Who are you?') : undefined,
  )
  .get(
    '/events',
    subscribe(hub, { authorize: ({ request }) => ({ selectors: [`notes/${userOf(request)}`] }) }),
  )
  .post(
    '/notes/:user',
    async ({ request, params, body, set }) => {
      set.status = 201
      const data = { from: userOf(request), text: body.text }
      return hub.publish([{ topic: `notes/${params.user}`, type: 'note', data }])
    },
    { body: t.Object({ text: t.String() }) },
  )

// On Bun: `app.listen(3000)`, and `app.stop()` when SIGTERM comes.
listen(app, { port: Number(process.env['PORT'] ?? 3000), onClose: () => hub.close() })
