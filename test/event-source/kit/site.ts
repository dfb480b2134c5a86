import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a server does with its nth request for a stream, counted from 0. */
export type Answer = (request: IncomingMessage, response: ServerResponse, n: number) => unknown

const WORKER = `
onmessage = async ({ data: [id, source, arg] }) => {
  try {
    postMessage([id, await (0, eval)('(' + source + ')')(kit, arg)])
  } catch (error) {
    postMessage([id, undefined, String(error)])
  }
}`

/** A server of streams, and of a blank page and a worker of the same origin. It refuses OPTIONS. */
export class Site {
  readonly asked: IncomingMessage[] = []
  preflights = 0
  readonly #server: Server
  readonly #answer: Answer
  readonly #script: string
  readonly #allows: boolean

  /** @param allows Lets every other origin read, with credentials. */
  constructor(answer: Answer, script = '', allows = true) {
    this.#answer = answer
    this.#script = script
    this.#allows = allows
    this.#server = createServer((request, response) => this.#handle(request, response))
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get url(): string {
    return `${this.origin}/stream`
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => {})
    const path = request.url ?? ''
    if (request.method === 'OPTIONS') {
      this.preflights++
      response.writeHead(405).end()
    } else if (path.startsWith('/page')) {
      response
        .writeHead(200, { 'content-type': 'text/html;charset=utf-8' })
        .end('<!doctype html><title>page</title>')
    } else if (path === '/worker.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(this.#script + WORKER)
    } else if (path === '/favicon.ico') {
      response.writeHead(404).end()
    } else {
      const { origin } = request.headers
      if (this.#allows && origin !== undefined) {
        response.setHeader('access-control-allow-origin', origin)
        response.setHeader('access-control-allow-credentials', 'true')
      }
      this.#answer(request, response, this.asked.push(request) - 1)
    }
  }
}

/** Sends the head of a stream and text of it. */
export function stream(response: ServerResponse, text: string | Uint8Array = ''): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  if (text.length === 0) response.flushHeaders()
  else response.write(text)
  return response
}

/** Ends the connection with what is no answer. A browser repeats a request that got nothing at all. */
export function fail({ socket }: IncomingMessage): void {
  socket.end('nonsense\r\n\r\n')
}
