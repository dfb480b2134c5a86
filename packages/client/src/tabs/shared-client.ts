import { HeartlineError } from '@heartline/wire'
import { createClient, type Client } from '../client.ts'
import type { ConnectionState } from '../connection-state.ts'
import type { EventMap } from '../event.ts'
import { Handlers } from '../handlers.ts'
import { toAbsolute } from '../request.ts'
import { surroundings as platform, type Surroundings } from '../surroundings.ts'
import type { SharedError, SharedSetup } from './message.ts'
import type { SharedClientOptions } from './options.ts'
import { SharedFetch } from './shared-fetch.ts'

/**
 * Reads a stream over one connection for all tabs of the origin, each with its own place, handlers
 * and topics. Where tabs cannot find each other, it reads over a connection of its own.
 *
 * `state` is that of the shared connection. What only concerns that (`heartline.drain`,
 * `heartline.expired`) is not handed over.
 *
 * @throws HeartlineError `HL_CLIENT_OPTION_INVALID`
 */
export function createSharedClient<Events extends EventMap = EventMap>(
  options: SharedClientOptions<Events>,
): Client<Events> {
  return new SharedClient<Events>(options).face
}

class SharedClient<Events extends EventMap> {
  /** What the caller gets. */
  readonly face: Client<Events>
  readonly #client: Client<Events>
  readonly #shared: SharedFetch
  readonly #observers = new Handlers()
  #told: ConnectionState | undefined

  constructor(options: SharedClientOptions<Events>) {
    const { topics = [], worker: _worker, identity: _identity, ...rest } = options
    const setup = toSetup(options as unknown as SharedClientOptions)
    this.#shared = new SharedFetch(options as unknown as SharedClientOptions, setup, () =>
      this.#tell(),
    )
    this.#client = createClient<Events>({
      ...rest,
      url: setup.urls.map((url) => withSelectors(url, topics)),
      surroundings: this.#surroundings(options.surroundings ?? platform),
      fetch: (url, init) => this.#shared.fetch(url as string, init ?? {}),
    })
    this.#client.onState(() => this.#tell())
    this.face = this.#toFace(this.#client)
  }

  get #state(): ConnectionState {
    const own = this.#client.state
    const shared = this.#shared.state
    if (own.name !== 'open' || shared === undefined) return own
    const { rttMs: _rttMs, lastError, ...state } = shared
    return { ...state, lastError: lastError === undefined ? undefined : toWhole(lastError) }
  }

  #toFace(client: Client<Events>): Client<Events> {
    const state = (): ConnectionState => this.#state
    const rttMs = (): number | undefined => client.rttMs ?? this.#shared.state?.rttMs
    return {
      get state() {
        return state()
      },
      get lastEventId() {
        return client.lastEventId
      },
      get rttMs() {
        return rttMs()
      },
      get waiting() {
        return client.waiting
      },
      on: client.on.bind(client) as Client<Events>['on'],
      onState: (handler) => this.#observers.add('state', handler),
      onError: (handler) => client.onError(handler),
      onHeartbeat: (handler) => client.onHeartbeat(handler),
      events: (options) => client.events(options),
      connect: () => client.connect(),
      wake: () => {
        this.#shared.wake()
        client.wake()
      },
      publish: (events) => client.publish(events),
      close: () => client.close(),
      [Symbol.asyncIterator]: () => client[Symbol.asyncIterator](),
    }
  }

  #tell(): void {
    const state = this.#state
    const before = this.#told
    this.#told = state
    const isSame =
      before?.name === state.name &&
      before.since === state.since &&
      before.attempt === state.attempt &&
      before.nextRetryAt === state.nextRetryAt
    // oxlint-disable-next-line no-console -- What an observer throws must not vanish.
    if (!isSame) void this.#observers.call('state', [state], (thrown) => console.error(thrown))
  }

  /** A frozen page must not have the connection of others. */
  #surroundings(given: Surroundings): Surroundings {
    return {
      get isOnline() {
        // Whether the others have a network, their answer tells.
        return given.isOnline
      },
      watch: (onWake, onSleep) => {
        const { document } = globalThis
        const wake = (): void => {
          this.#shared.wake()
          onWake()
        }
        const unwatch = given.watch(wake, onSleep)
        document?.addEventListener('freeze', onSleep)
        return () => {
          unwatch()
          document?.removeEventListener('freeze', onSleep)
        }
      },
    }
  }
}

function toSetup(options: SharedClientOptions): SharedSetup {
  const { url, ladder, watch, retryMs, failOverAfter, probeMs, healthyAfter, redirect } = options
  const { credentials, resumeBy, acknowledge, maxEventLength } = options
  const urls = Array.isArray(url) ? (url as readonly (string | URL)[]) : [url as string | URL]
  return {
    urls: urls.map((each) => toAbsolute(each).href),
    ladder,
    watch,
    retryMs,
    failOverAfter,
    probeMs,
    healthyAfter,
    redirect,
    credentials,
    resumeBy,
    acknowledge,
    maxEventLength,
  }
}

function withSelectors(url: string, topics: readonly string[]): URL {
  const address = new URL(url)
  for (const topic of topics) address.searchParams.append('topic', topic)
  return address
}

function toWhole({ code, message, status, details }: SharedError): HeartlineError {
  const entry = { code, message, fault: 'peer', status, retryable: status > 500 } as const
  return new HeartlineError(entry, details)
}
