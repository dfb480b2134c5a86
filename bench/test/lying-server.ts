import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Endpoint } from '../run/peer.ts'

export interface Lies {
  /** Each so-many-th event is not delivered. */
  readonly losesEach?: number | undefined
  /** Each so-many-th event is delivered twice. */
  readonly doublesEach?: number | undefined
  /** Each so-many-th publish is answered with 503. */
  readonly refusesEach?: number | undefined
  /** Streams are written in pieces of so many bytes. */
  readonly pieceBytes?: number | undefined
}

export const LYING_ENDPOINT: Endpoint = {
  streamPath: '/',
  publish: { path: '/', contentType: 'text/plain' },
}

/** A small server of event streams that can be told to misbehave: the generator must see it. */
export class LyingServer {
  readonly #lies: Lies
  readonly #server: Server
  readonly #readers = new Set<ServerResponse>()
  #count = 0

  constructor(lies: Lies = {}) {
    this.#lies = lies
    this.#server = createServer((request, response) => {
      if (request.method === 'GET') this.#open(response)
      else {
        let data = ''
        request.setEncoding('utf8').on('data', (text: string) => (data += text))
        request.on('end', () => this.#publish(data, response))
      }
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #open(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.flushHeaders()
    response.socket?.setNoDelay(true)
    this.#readers.add(response)
    response.on('close', () => this.#readers.delete(response))
  }

  #publish(data: string, response: ServerResponse): void {
    this.#count++
    if (this.#isTurnOf(this.#lies.refusesEach)) {
      response.writeHead(503).end('not now')
      return
    }
    const event = `data: ${data}\n\n`
    const times = this.#isTurnOf(this.#lies.losesEach)
      ? 0
      : this.#isTurnOf(this.#lies.doublesEach)
        ? 2
        : 1
    for (const reader of this.#readers) this.#write(reader, event.repeat(times))
    response.writeHead(204).end()
  }

  #write(reader: ServerResponse, text: string): void {
    const step = this.#lies.pieceBytes ?? text.length
    for (let at = 0; at < text.length; at += step) reader.write(text.slice(at, at + step))
  }

  #isTurnOf(each: number | undefined): boolean {
    return each !== undefined && this.#count % each === 0
  }
}
