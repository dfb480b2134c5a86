import type { Route } from '../http/route.ts'
import { publish } from './publish.ts'
import { openStream, probeStream } from './stream.ts'

export const eventsRoute: Route = {
  path: '/v1/events',
  GET: openStream,
  HEAD: probeStream,
  POST: publish,
}
