import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { typedHandler } from '@heartline/events'
import { openApiRoute, toOpenApi, type OpenApiDocument } from '@heartline/events/openapi'
import { stream } from '@heartline/express'
import express from 'express'
import { events } from './events.ts'

export const description: OpenApiDocument = toOpenApi({
  info: { title: 'A clock', version: '1.0.0' },
  paths: {
    '/ticks': { events, summary: 'Counts to three', operationId: 'readTicks', resume: false },
  },
})

const ticks = typedHandler(events, async (session, signal) => {
  for (let n = 1; n <= 3 && !signal.aborted; n += 1) {
    session.send('tick', { n, at: new Date().toISOString() }, { id: String(n) })
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  session.send('done', { ticks: 3 })
})

/** What a schema refuses does not leave: the stream ends, and whoever watches is told why. */
const broken = typedHandler(events, (session) => {
  session.send('tick', { n: 1, at: 'now' })
})

/** Listens until its server is closed. */
export async function startService(
  port = 0,
): Promise<{ readonly url: string; readonly server: Server }> {
  const app = express()
  app.get('/openapi.json', openApiRoute(description).node)
  app.get('/ticks', stream(ticks))
  app.get('/broken', stream(broken))
  app.use(((error, _request, response, _next) => {
    response.status(500).json({ code: (error as { code?: string }).code })
  }) as express.ErrorRequestHandler)
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}
