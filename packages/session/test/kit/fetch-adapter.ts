import type { IncomingMessage, ServerResponse } from 'node:http'

/** The least a host of Fetch handlers on node:http has to do, backpressure included. */
export function toNodeListener(
  answer: (request: Request) => Promise<Response>,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => {
    const controller = new AbortController()
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) controller.abort()
    })
    incoming.resume()
    const request = new Request('http://localhost/', {
      method: incoming.method ?? 'GET',
      signal: controller.signal,
    })
    answer(request)
      .then((response) => send(response, outgoing))
      .catch(() => outgoing.destroy())
  }
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  outgoing.flushHeaders()
  const reader = response.body?.getReader()
  if (reader === undefined) return void outgoing.end()
  let proceed = (): void => undefined
  outgoing.on('drain', () => proceed())
  outgoing.on('close', () => {
    proceed()
    reader.cancel().catch(() => undefined)
  })
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    if (!outgoing.write(value)) await new Promise<void>((resolve) => (proceed = resolve))
    if (outgoing.destroyed) return
  }
  outgoing.end()
}
