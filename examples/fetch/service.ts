import { createMemoryBroker } from '@heartline/broker'
import { createFetchHandler, createHub } from '@heartline/hub'

export const hub = await createHub({
  broker: createMemoryBroker(),
  // Bun closes connections that were idle for 10 s.
  heartbeatMs: 9_000,
})
const users = new Map([
  ['Bearer ann-secret', 'ann'],
  ['Bearer bob-secret', 'bob'],
])
const userOf = (request: Request): string | undefined =>
  users.get(request.headers.get('authorization') ?? '')

const events = createFetchHandler(hub, {
  authorize: (request) => ({ selectors: [`notes/${userOf(request)}`] }),
})

async function publish(request: Request, to: string): Promise<Response> {
  const { text } = (await request.json()) as { text: string }
  const data = { from: userOf(request), text: String(text) }
  const published = await hub.publish([{ topic: `notes/${to}`, type: 'note', data }])
  return Response.json(published, { status: 201 })
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const [, to] = /^\/notes\/(\w+)$/.exec(pathname) ?? []
    if (userOf(request) === undefined) return new Response('Who are you?', { status: 401 })
    if (pathname === '/events') return events(request)
    if (to !== undefined && request.method === 'POST') return publish(request, to)
    return new Response(undefined, { status: 404 })
  },
}
