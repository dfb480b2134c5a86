import { createServer } from 'node:http'
import http2 from 'node:http2'
import type { Server } from 'node:net'
import {
  stream,
  subscribeNode,
  toRefusal,
  type NodeRequest,
  type NodeResponse,
} from '@heartline/session'
import compression from 'compression'
import { ORIGIN, PAGE, type AdapterTarget, type Setup } from '../target.ts'
import { listen } from './listen.ts'

/** No framework: what it would do is done by hand. */
function listenerOf({ hub, monitor, handler, authorize, headers }: Setup) {
  const answer = (request: NodeRequest, response: NodeResponse): void => {
    response.setHeader('access-control-allow-origin', ORIGIN)
    if (request.url === '/page') {
      response.setHeader('content-type', 'text/plain')
      response.end(PAGE)
      return
    }
    const isHub = request.url?.startsWith('/events') === true
    if (isHub && request.headers.authorization !== 'yes') {
      response.writeHead(401)
      response.end()
      return
    }
    const opening = isHub
      ? subscribeNode(
          hub,
          { request, response },
          { monitor, authorize, headers },
          { context: request },
        )
      : stream(request, response, handler, { monitor, headers })
    opening.catch((error: unknown) => {
      if (response.headersSent) return
      const { status, headers, body } = toRefusal(error)
      response.writeHead(status, { ...headers })
      response.end(body)
    })
  }
  const compress = compression({ threshold: 0 })
  return (request: NodeRequest, response: NodeResponse): void => {
    compress(request as never, response as never, () => answer(request, response))
  }
}

const about = { name: 'node:http', helmet: undefined }

export const nodeTargets: readonly AdapterTarget[] = [
  { ...about, http: 1, start: (setup) => listen(createServer(listenerOf(setup))) },
  {
    ...about,
    http: 2,
    start: (setup) => listen(http2.createServer(listenerOf(setup)) as unknown as Server),
  },
]
