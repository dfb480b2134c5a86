import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'

/** A request of node:http or of the compatibility API of node:http2. */
export type NodeRequest = IncomingMessage | Http2ServerRequest

/** The response that goes with it. */
export type NodeResponse = ServerResponse | Http2ServerResponse

/** Some frameworks put a `stream` of their own on HTTP/1 responses: that alone proves nothing. */
export function isHttp2(response: NodeResponse): response is Http2ServerResponse {
  return 'stream' in response && !(response instanceof ServerResponse)
}
