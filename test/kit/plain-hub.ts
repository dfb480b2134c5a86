import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeCursor, encodeEvent, encodePosition } from '@heartline/wire'

const EPOCH = 'plain'

interface PlainEvent {
  readonly data: string
  readonly publishId?: string
}

/** Faults that the tests of the kit must see. */
export interface PlainHubFaults {
  /** A resume skips one event. */
  readonly losesOneOnResume?: boolean | undefined
  /** A resume repeats the newest event that the reader has. */
  readonly repeatsOneOnResume?: boolean | undefined
}

/**
 * The smallest server that the kit's readers and publisher can talk to: one list, no topics. It is
 * here to test the kit, with and without faults; it shares no code with the hub.
 */
export class PlainHub {
  readonly #server: Server
  readonly #faults: PlainHubFaults
  readonly #events: string[] = []
  readonly #places = new Map<string, number>()
  readonly #streams = new Set<ServerResponse>()

  constructor(faults: PlainHubFaults = {}) {
    this.#faults = faults
    this.#server = createServer((request, response) => {
      if (request.method === 'POST') void this.#publish(request, response)
      else this.#stream(request, response)
    })
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Breaks every open stream. */
  cutAll(): void {
    for (const stream of this.#streams) stream.socket?.resetAndDestroy()
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('retry: 50\n\n')
    const resumed = request.headers['last-event-id']
    const from = typeof resumed === 'string' ? this.#placeOf(resumed) : 0
    for (let place = from; place < this.#events.length; place++) {
      response.write(this.#events[place])
    }
    this.#streams.add(response)
    response.on('close', () => this.#streams.delete(response))
  }

  #placeOf(id: string): number {
    const place = decodeCursor(id).positions.get('')?.offset ?? 0
    if (this.#faults.losesOneOnResume === true) return place + 1
    return this.#faults.repeatsOneOnResume === true ? place - 1 : place
  }

  async #publish(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const part of request.setEncoding('utf8')) text += part as string
    const type = request.headers['content-type']
    const key = request.headers['idempotency-key']
    if (type === 'application/x-ndjson') {
      const lines = text.trimEnd().split('\n')
      this.#answer(response, { results: lines.map((line) => this.#store(toEvent(line))) })
      return
    }
    const body: unknown = JSON.parse(text)
    if (Array.isArray(body))
      this.#answer(
        response,
        body.map((event) => this.#store(event)),
      )
    else this.#answer(response, this.#store({ ...(body as PlainEvent), publishId: String(key) }))
  }

  #answer(response: ServerResponse, body: unknown): void {
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  #store(event: PlainEvent): { id: string; duplicate: boolean } {
    const known = event.publishId === undefined ? undefined : this.#places.get(event.publishId)
    const offset = known ?? this.#events.length + 1
    const id = encodePosition(EPOCH, { ms: 1, offset })
    if (known !== undefined) return { id, duplicate: true }
    if (event.publishId !== undefined) this.#places.set(event.publishId, offset)
    const text = encodeEvent({ id, data: event.data })
    this.#events.push(text)
    for (const stream of this.#streams) stream.write(text)
    return { id, duplicate: false }
  }
}

function toEvent(line: string): PlainEvent {
  return JSON.parse(line) as PlainEvent
}
