import { createClient, type Client } from '../client.ts'
import type { ClientOptions } from '../options.ts'
import { ItemReader, type Item } from './item.ts'
import type { SharedSetup, SharedState } from './message.ts'

/** What only the page or worker with the connection has: functions. */
export type UpstreamWorld = Pick<
  ClientOptions,
  'headers' | 'token' | 'fetch' | 'clock' | 'random' | 'surroundings'
>

/** Told what comes. */
export interface UpstreamListener {
  /** The items of one chunk. */
  onItems(items: readonly Item[]): void
  onState(state: SharedState): void
  onBeat(): void
}

/** The one connection, and where it is. */
export class Upstream {
  /** Topics of the last request. */
  asked: readonly string[] = []
  /** Whether the server says which topics an event is on; undefined before it answered. */
  tells: boolean | undefined
  place: string
  readonly #client: Client
  readonly #listener: UpstreamListener
  readonly #fetch: typeof fetch
  #rttMs: number | undefined
  readonly #maxEventLength: number | undefined

  /** @param topics Asked before each request: tabs may have left. */
  constructor(
    setup: SharedSetup,
    world: UpstreamWorld,
    start: { readonly place: string; topics(): readonly string[] },
    listener: UpstreamListener,
  ) {
    this.place = start.place
    this.#listener = listener
    this.#fetch = world.fetch ?? ((...request) => globalThis.fetch(...request))
    this.#maxEventLength = setup.maxEventLength
    const { urls, ...options } = setup
    const { headers, token, clock, random, surroundings } = world
    this.#client = createClient({
      ...options,
      headers,
      token,
      clock,
      random,
      surroundings,
      url: urls.map((url) => () => {
        this.asked = start.topics()
        return withTopics(url, this.asked)
      }),
      lastEventId: start.place,
      decode: 'text',
      fetch: (url, init) => this.#read(url, init),
    })
    this.#client.onState(() => this.#tell())
    this.#client.onHeartbeat(() => listener.onBeat())
    this.#client.onError(() => {})
  }

  connect(): void {
    this.#client.connect()
  }

  get isOpen(): boolean {
    return this.#client.state.name === 'open'
  }

  get state(): SharedState {
    const { lastError, ...state } = this.#client.state
    const { rttMs } = this.#client
    if (lastError === undefined) return { ...state, lastError, rttMs }
    const { code, message, status, details } = lastError
    const plain = JSON.parse(JSON.stringify(details)) as Record<string, string | number>
    return { ...state, rttMs, lastError: { code, message, status, details: plain } }
  }

  /** The state when there is another round-trip time than before. */
  get stateWithNewTrip(): SharedState | undefined {
    const { rttMs } = this.#client
    if (rttMs === this.#rttMs) return undefined
    this.#rttMs = rttMs
    return this.state
  }

  wake(): void {
    this.#client.wake()
  }

  close(): void {
    this.#client.close()
  }

  #tell(): void {
    this.#listener.onState(this.state)
  }

  /** Looks at what the client reads. */
  async #read(url: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
    const { fetch } = { fetch: this.#fetch }
    const response = await fetch(url, init)
    if (!isStreamRequest(init) || response.status !== 200 || response.body === null) return response
    this.tells = response.headers.get('Heartline-Tell') === 'topics'
    const reader = new ItemReader(this.#maxEventLength, () => {})
    const look = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        this.#take(reader.feed(chunk))
        controller.enqueue(chunk)
      },
    })
    const { status, headers, redirected } = response
    const seen = new Response(response.body.pipeThrough(look), { status, headers })
    // A new response has no address; the client asks for it.
    return Object.defineProperties(seen, {
      url: { value: response.url },
      redirected: { value: redirected },
    })
  }

  #take(items: readonly Item[]): void {
    for (const { id } of items) if (id !== undefined) this.place = id
    if (items.length > 0) this.#listener.onItems(items)
  }
}

/** A request for the stream, not an acknowledgement, a probe or a publish. */
export function isStreamRequest(init: RequestInit | undefined): boolean {
  const isRead = (init?.method ?? 'GET') === 'GET'
  return isRead && new Headers(init?.headers).get('Accept') === 'text/event-stream'
}

/** The address of a hub's stream for these topics; without topics as it is. */
function withTopics(url: string, topics: readonly string[]): URL {
  const address = new URL(url)
  if (topics.length === 0) return address
  for (const topic of topics) address.searchParams.append('topic', topic)
  address.searchParams.set('tell', 'topics')
  return address
}
