import type { StreamHandler } from './handler-run.ts'
import type { NodeRequest, NodeResponse } from './node-response.ts'
import { toRefusal } from './refusal.ts'
import { stream, type NodeStreamOptions } from './stream.ts'

/**
 * A listener for servers of `node:http` and `node:http2`, which have no error path of their own:
 * what is refused gets a problem document. `onRefused` is told why, since what is no
 * `HeartlineError` is not told to the client.
 */
export function createStreamListener(
  handler: StreamHandler<NodeRequest>,
  options: NodeStreamOptions & {
    readonly onRefused?: ((error: unknown, request: NodeRequest) => void) | undefined
  } = {},
): (request: NodeRequest, response: NodeResponse) => void {
  return (request, response) => {
    stream(request, response, handler, options).catch((error: unknown) => {
      options.onRefused?.(error, request)
      // A second answer to the same request: the first one goes on.
      if (response.headersSent) return
      const { status, headers, body } = toRefusal(error)
      response.writeHead(status, headers as Record<string, string>)
      response.end(body)
    })
  }
}
