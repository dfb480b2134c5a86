import http, { type RequestListener } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { createHandler, type Handler, type HandlerOptions } from '../../src/index.ts'
import { createNodeHandler, type NodeHandler } from '../../src/node.ts'
import { toNodeListener } from './fetch-listener.ts'
import { http2Fetch } from './http2-fetch.ts'

/** A handler on a real server, and a way to ask it. */
export interface Served {
  readonly handler: Pick<Handler, 'stats' | 'drain'>
  readonly url: string
  readonly fetch: typeof fetch
  /** Connections that are open. */
  readonly sockets: Set<Socket>
}

type Options = HandlerOptions<unknown>

/** A way to mount the handler. */
export interface Face {
  readonly name: string
  serve(options: Options): Promise<Served>
}

async function listen(server: Server): Promise<{ url: string; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`, sockets }
}

function nodeFace(handler: NodeHandler): RequestListener {
  return (request, response) => void handler(request, response)
}

export const faces: readonly Face[] = [
  {
    name: 'Node, HTTP/1',
    serve: async (options) => {
      const handler = createNodeHandler(options)
      const listening = await listen(http.createServer(nodeFace(handler)))
      return { handler, ...listening, fetch }
    },
  },
  {
    name: 'Node, HTTP/2',
    serve: async (options) => {
      const handler = createNodeHandler(options)
      const listening = await listen(
        http2.createServer((request, response) => void handler(request, response)),
      )
      return { handler, ...listening, fetch: http2Fetch(listening.url) }
    },
  },
  {
    name: 'Fetch',
    serve: async (options) => {
      const handler = createHandler(options)
      const listening = await listen(http.createServer(toNodeListener(handler)))
      return { handler, ...listening, fetch }
    },
  },
]
