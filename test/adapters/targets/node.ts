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
import { ORIGIN, type AdapterTarget, type Setup } from '../target.ts'
import { listen } from './listen.ts'

/** No framework: what it would do is done by hand. */
function listenerOf({ hub, monitor, handler }: Setup) {
  return (request: NodeRequest, response: NodeResponse): void => {
    response.setHeader('access-control-allow-origin', ORIGIN)
    const isHub = request.url?.startsWith('/events') === true
    if (isHub && request.headers.authorization !== 'yes') {
      response.writeHead(401)
      response.end()
      return
    }
    const opening = isHub
      ? subscribeNode(hub, { request, response }, { monitor }, { context: request })
      : stream(request, response, handler, { monitor })
    opening.catch((error: unknown) => {
      if (response.headersSent) return
      const { status, headers, body } = toRefusal(error)
      response.writeHead(status, { ...headers })
      response.end(body)
    })
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
