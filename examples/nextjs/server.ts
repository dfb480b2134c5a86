/** Calls the route handlers as Next.js does, so that the check needs no Next.js (300 MB). */
import { serveFetch } from '../kit/serve-fetch.ts'
import { GET } from './app/events/route.ts'
import { POST } from './app/notes/[user]/route.ts'
import { hub } from './lib/hub.ts'

serveFetch(async (request) => {
  const { pathname } = new URL(request.url)
  const [, user] = /^\/notes\/(\w+)$/.exec(pathname) ?? []
  if (pathname === '/events' && request.method === 'GET') return GET(request)
  if (user !== undefined && request.method === 'POST') {
    return POST(request, { params: Promise.resolve({ user }) })
  }
  return new Response(undefined, { status: 404 })
}, hub)
