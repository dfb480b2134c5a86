/** React Router's own handler of routes, without its bundler. Remix 2 has the same loaders and actions. */
import { createStaticHandler, isRouteErrorResponse } from 'react-router'
import { serveFetch } from '../kit/serve-fetch.ts'
import { hub } from './app/hub.server.ts'
import { loader } from './app/routes/events.ts'
import { action } from './app/routes/notes.ts'

const handler = createStaticHandler([
  { path: '/events', loader },
  { path: '/notes/:user', action },
])

serveFetch(async (request) => {
  try {
    return (await handler.queryRoute(request)) as Response
  } catch (error) {
    if (error instanceof Response) return error
    if (isRouteErrorResponse(error)) return new Response(error.statusText, { status: error.status })
    throw error
  }
}, hub)
