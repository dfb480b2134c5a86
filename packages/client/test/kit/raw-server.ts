import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * Of this process alone, where the system has more loopback addresses than one: whoever asks again
 * and again for a server that is gone, in another process, is not counted by the one that got its port.
 */
const HOST =
  process.platform === 'linux' ? `127.${randomInt(1, 255)}.${randomInt(255)}.1` : '127.0.0.1'

export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  n: number,
  body: string,
) => unknown

/** A real server on a free port that does what a test tells it. */
export class RawServer {
  readonly requests: IncomingMessage[] = []
  readonly bodies: string[] = []
  readonly #server: Server
  handler: Handler

  constructor(handler: Handler) {
    this.handler = handler
    this.#server = createServer((request, response) => {
      this.requests.push(request)
      const index = this.requests.length - 1
      response.on('error', () => {})
      request.setEncoding('utf8')
      let body = ''
      request.on('data', (text) => (body += text))
      request.on('end', () => {
        this.bodies[index] = body
        void this.handler(request, response, index, body)
      })
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://${HOST}:${this.port}`
  }

  async listen(port = 0): Promise<this> {
    this.#server.listen(port, HOST)
    await once(this.#server, 'listening')
    return this
  }

  /** Breaks every connection. */
  cut(): void {
    this.#server.closeAllConnections()
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}

/** Starts one that ends with the test. */
export async function serve(handler: Handler): Promise<RawServer> {
  const server = await new RawServer(handler).listen()
  onTestFinished(() => server.close())
  return server
}

/** Opens an event stream and writes its first text. */
export function openStream(
  response: ServerResponse,
  text = '',
  headers: Record<string, string> = {},
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
  if (text === '') response.flushHeaders()
  else response.write(text)
}
