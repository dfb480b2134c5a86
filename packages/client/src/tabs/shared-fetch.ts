import { systemClock } from '../clock.ts'
import { toAbsolute } from '../request.ts'
import type { SharedClientOptions } from './options.ts'
import type { SharedSetup, SharedState, ToMember } from './message.ts'
import { answerAsk } from './credentials.ts'
import { SharedStream } from './shared-stream.ts'
import { TabStation, WorkerStation, type Station, type StationSetup } from './station.ts'
import { isStreamRequest } from './upstream.ts'

/** Headers that say nothing about who asks. */
const OF_REQUEST = ['accept', 'last-event-id', 'heartline-client']

/**
 * The `fetch` of a tab's client: the stream comes from the connection that all tabs share, anything
 * else goes out as it is.
 */
export class SharedFetch {
  readonly #options: SharedClientOptions
  readonly #setup: SharedSetup
  readonly #fetch: typeof fetch
  readonly #onState: () => void
  #stream: SharedStream | undefined
  #state: SharedState | undefined
  #isProven = false
  /** The shared connection was refused: this tab asks for itself, and learns why. */
  #isAlone = false
  #isWorkerBroken = false

  constructor(options: SharedClientOptions, setup: SharedSetup, onState: () => void) {
    this.#options = options
    this.#setup = setup
    this.#fetch = options.fetch ?? ((...request) => globalThis.fetch(...request))
    this.#onState = onState
  }

  /** Of the shared connection; undefined while this tab reads for itself. */
  get state(): SharedState | undefined {
    return this.#state
  }

  wake(): void {
    this.#stream?.woke()
  }

  get #canWork(): boolean {
    const { worker } = this.#options
    return worker !== undefined && typeof SharedWorker === 'function' && !this.#isWorkerBroken
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const { fetch } = { fetch: this.#fetch }
    if (!isStreamRequest(init)) return fetch(this.#addressInUse(url, init), init)
    if (!this.#canWork && !canElect()) return fetch(url, init)
    this.#stream?.close()
    const { signal } = init
    const name = await this.#nameOf(init)
    signal?.throwIfAborted()
    const stream = this.#openStream(name, url, init)
    signal?.addEventListener('abort', () => stream.close(), { once: true })
    return stream.open()
  }

  #openStream(name: string, url: string, init: RequestInit): SharedStream {
    const { clock = systemClock, topics = [], maxEventLength } = this.#options
    const { fetch } = { fetch: this.#fetch }
    const member = crypto.getRandomValues(new Uint32Array(4)).join('')
    const station = this.#openStation(
      {
        name,
        member,
        clock,
        setup: this.#setup,
        world: this.#options,
        onMessage: (message) => this.#receive(message, member, stream, station),
      },
      (reason) => stream.giveUp(reason),
    )
    const stream: SharedStream = new SharedStream({
      member,
      topics,
      clock,
      maxEventLength,
      station,
      place: placeOf(url, init),
      isProven: this.#isProven,
      isAlone: this.#isAlone,
      ownRequest: async (signal) => {
        const response = await fetch(url, { ...init, signal })
        // With another token, it asks for itself again.
        this.#isAlone = response.status === 401
        return response
      },
      onRefused: () => void (this.#isAlone = true),
      onState: (state) => this.#setState(stream, state),
      onProven: () => void (this.#isProven = true),
      onEnd: () => station.close(),
    })
    this.#stream = stream
    return stream
  }

  #openStation(setup: StationSetup, onEnd: (reason: string) => void): Station {
    const { worker } = this.#options
    if (worker === undefined || !this.#canWork) return canElect() ? new TabStation(setup) : NOBODY
    try {
      return new WorkerStation(worker(), setup, {
        broken: () => {
          // The client comes back, by the other way.
          this.#isWorkerBroken = true
          onEnd('the shared worker does not start')
        },
        lost: () => onEnd('the shared worker ended'),
      })
    } catch {
      this.#isWorkerBroken = true
      return this.#openStation(setup, onEnd)
    }
  }

  #receive(message: ToMember, member: string, stream: SharedStream, station: Station): void {
    if (message.kind !== 'ask') return stream.receive(message)
    if (message.to === member) void answerAsk(this.#options, message, member, station)
  }

  #setState(stream: SharedStream, state: SharedState | undefined): void {
    if (this.#stream !== stream) return
    this.#state = state
    this.#onState()
  }

  /** Tabs of different users, or with other options, must not share. */
  async #nameOf({ headers }: RequestInit): Promise<string> {
    const { identity } = this.#options
    const { urls, credentials } = this.#setup
    const given = [...new Headers(headers)].filter(([name]) => !OF_REQUEST.includes(name))
    const key = JSON.stringify([urls, credentials, identity ?? given])
    const { subtle } = crypto as { subtle?: SubtleCrypto }
    // Not on pages without TLS. There, the name stays in the page and its worker.
    if (subtle === undefined) return `heartline:${key}`
    const hash = await subtle.digest('SHA-256', new TextEncoder().encode(key))
    const digits = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0'))
    return `heartline:${digits.join('')}`
  }

  /** Publishes go to the server that the shared connection has found. */
  #addressInUse(url: string, { method }: RequestInit): string {
    const inUse = this.#setup.urls[this.#state?.endpoint ?? 0]
    if (inUse === undefined || this.#state === undefined || method !== 'POST') return url
    const isPublish = this.#setup.urls.some((each) => withoutQuery(each) === url)
    return isPublish ? withoutQuery(inUse) : url
  }
}

/** Whether tabs can find out which of them has the connection. */
function canElect(): boolean {
  return typeof BroadcastChannel === 'function' && globalThis.navigator?.locks !== undefined
}

/** Nobody to share with: the stream is the tab's own. */
const NOBODY: Station = {
  ready: new Promise<void>(() => {}),
  post() {},
  close() {},
}

function placeOf(url: string, { headers }: RequestInit): string {
  const bytes = new Headers(headers).get('Last-Event-ID') ?? ''
  // A header holds the bytes of the UTF-8 form.
  const ofHeader = new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)))
  return ofHeader || (new URL(url).searchParams.get('lastEventId') ?? '')
}

function withoutQuery(url: string | URL): string {
  const address = toAbsolute(url)
  address.search = ''
  return address.href
}
