import {
  createServer,
  get,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Broker } from '@heartline/broker'
import { createMemoryBroker, type MemoryBrokerOptions } from '@heartline/broker'
import { createParser, type ParsedEvent } from '@heartline/wire'
import {
  createHub,
  createNodeHandler,
  type Hub,
  type HandlerOptions,
  type HubOptions,
} from '../src/index.ts'

export interface HubFixture {
  readonly hub: Hub
  readonly broker: Broker
  readonly url: string
  publish(topic: string, data: unknown, more?: object): Promise<string>
  read(query: string, headers?: Record<string, string>): Promise<Reader>
  close(): Promise<void>
}

/** A hub on a real server, and readers on real sockets. */
export async function startHub(
  options: Partial<HubOptions> & {
    memory?: MemoryBrokerOptions
    handler?: HandlerOptions<IncomingMessage>
  } = {},
): Promise<HubFixture> {
  const { memory, handler, ...hubOptions } = options
  const broker = options.broker ?? createMemoryBroker(memory)
  const hub = await createHub({ ...hubOptions, broker })
  const server = createServer(
    createNodeHandler(hub, handler as never) as unknown as RequestListener,
  )
  await listen(server)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const readers: Reader[] = []
  return {
    hub,
    broker,
    url,
    async publish(topic, data, more = {}) {
      const [result] = await hub.publish([{ topic, data, ...more }])
      return result!.id
    },
    async read(query, headers = {}) {
      const reader = await openReader(`${url}/?${query}`, headers)
      readers.push(reader)
      return reader
    },
    async close() {
      for (const reader of readers) reader.leave()
      await hub.close()
      await broker.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
}

/** One real reader: keeps what it got. */
export class Reader {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly all: ParsedEvent[] = []
  readonly retries: number[] = []
  readonly response: IncomingMessage
  body = ''
  isOver = false
  #wake: (() => void)[] = []

  constructor(response: IncomingMessage) {
    this.response = response
    this.status = response.statusCode ?? 0
    this.headers = response.headers
    const parser = createParser({
      onEvent: (event) => {
        this.all.push(event)
      },
      onRetry: (ms) => {
        this.retries.push(ms)
      },
    })
    response.on('data', (chunk: Buffer) => {
      if (this.status !== 200) this.body += chunk.toString()
      parser.feed(chunk)
      this.#notify()
    })
    response.on('close', () => {
      this.isOver = true
      this.#notify()
    })
    response.on('error', () => {})
  }

  /** User events. */
  get events(): ParsedEvent[] {
    return this.all.filter((event) => !event.type.startsWith('heartline.'))
  }

  get data(): string[] {
    return this.events.map((event) => event.data)
  }

  get gaps(): { from: string; to: string; reason: string }[] {
    return this.all.filter((e) => e.type === 'heartline.gap').map((e) => JSON.parse(e.data))
  }

  get lastId(): string {
    return this.all.at(-1)?.lastEventId ?? ''
  }

  async until(condition: (reader: this) => boolean, timeoutMs = 15_000): Promise<this> {
    const deadline = Date.now() + timeoutMs
    while (!condition(this)) {
      if (Date.now() > deadline) {
        throw new Error(
          `still waiting; got ${JSON.stringify(this.all.slice(-5))}, over: ${this.isOver}`,
        )
      }
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve)
        setTimeout(resolve, 50)
      })
    }
    return this
  }

  /** Waits until the reader is on the live stream. */
  live(): Promise<this> {
    return this.until((reader) => reader.all.some((event) => event.type === 'heartline.cursor'))
  }

  count(n: number): Promise<this> {
    return this.until((reader) => reader.events.length >= n)
  }

  over(): Promise<this> {
    return this.until((reader) => reader.isOver)
  }

  leave(): void {
    this.response.destroy()
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

export function openReader(url: string, headers: Record<string, string> = {}): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, agent: false }, (response) => resolve(new Reader(response)))
    request.on('error', reject)
  })
}

export async function eventually(condition: () => boolean, timeoutMs = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('the condition did not come true')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
