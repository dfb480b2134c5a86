/** Calls the hook and the routes as SvelteKit does, so that the check needs no build of it. */
import { serveFetch } from '../kit/serve-fetch.ts'
import { handle, type RequestEvent } from './src/hooks.server.ts'
import { hub } from './src/lib/hub.ts'
import { GET } from './src/routes/events/+server.ts'
import { POST } from './src/routes/notes/[user]/+server.ts'

serveFetch((request) => {
  const { pathname } = new URL(request.url)
  const [, user] = /^\/notes\/(\w+)$/.exec(pathname) ?? []
  const event = { request, params: user === undefined ? {} : { user }, locals: {} } as RequestEvent
  const resolve = async (resolved: RequestEvent): Promise<Response> => {
    if (pathname === '/events' && request.method === 'GET') return GET(resolved)
    if (user !== undefined && request.method === 'POST') return POST(resolved)
    return new Response(undefined, { status: 404 })
  }
  return handle({ event, resolve })
}, hub)
