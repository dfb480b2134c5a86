import type { Hub } from '@heartline/hub'
import { serve } from '@hono/node-server'

/** Stands in for a host that speaks Fetch: a runtime, or a framework that calls route handlers. */
export function serveFetch(fetch: (request: Request) => Promise<Response>, hub: Hub): void {
  const how = { fetch, port: Number(process.env['PORT'] ?? 3000), hostname: '127.0.0.1' }
  const server = serve(how, ({ port }) => console.log(`listening on http://127.0.0.1:${port}`))
  process.once('SIGTERM', () => {
    server.close()
    // Tells the readers when to come back, spread over the time, and ends their streams.
    void hub.drain({ deadlineMs: 2_000 }).then(() => hub.close())
  })
}
