import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A real server of a page and of streams, which counts its connections. */
export class Site {
  /** Requests for streams, in their order. */
  readonly asked: IncomingMessage[] = []
  readonly published: unknown[] = []
  /** Sent to each stream as it opens. */
  greeting = ''
  /** In the page, where React is mounted. */
  html = ''
  /** Answers streams with this in place of one. */
  status = 200
  readonly #open = new Map<ServerResponse, string>()
  readonly #script: string
  readonly #server: Server

  constructor(script: string) {
    this.#script = script
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Addresses of the streams that are open now. */
  get open(): string[] {
    return [...this.#open.values()]
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  /** Sends text to each open stream whose address has a part. */
  send(text: string, part = ''): void {
    for (const [response, url] of this.#open) if (url.includes(part)) response.write(text)
  }

  /** Breaks every stream. */
  cut(): void {
    for (const response of this.#open.keys()) response.destroy()
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { url = '', method } = request
    if (method === 'POST') return this.#publish(request, response)
    if (url.startsWith('/v1/events')) return this.#stream(request, response)
    const isScript = url === '/kit.js'
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
    response.end(
      isScript
        ? this.#script
        : `<!doctype html><title>react</title><div id="root">${this.html}</div>
<script type="module" src="/kit.js"></script>`,
    )
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    this.asked.push(request)
    if (this.status !== 200) {
      response.writeHead(this.status).end()
      return
    }
    this.#open.set(response, request.url ?? '')
    response.on('close', () => this.#open.delete(response))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    if (this.greeting !== '') response.write(this.greeting)
  }

  #publish(request: IncomingMessage, response: ServerResponse): void {
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => (text += part))
    request.on('end', () => {
      this.published.push(JSON.parse(text))
      response.writeHead(201).end('[{"id":"1","duplicate":false}]')
    })
  }
}
