import type { StreamHandler } from './handler-run.ts'
import { plainHost, streamFetch } from './stream-fetch.ts'
import type { StreamHandlerOptions } from './stream-options.ts'

/** `stream` of `@heartline/session`, without the form for Node. */
export function stream(
  request: Request,
  handler: StreamHandler<Request>,
  options: StreamHandlerOptions<Request> = {},
): Promise<Response> {
  return streamFetch(request, handler, options, plainHost(request))
}
