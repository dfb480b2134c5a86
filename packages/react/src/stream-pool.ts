import { createClient, type Client, type ClientOptions, type EventMap } from '@heartline/client'
import type { EventCache, KeyOf } from '@heartline/client/cache'
import type { HeartlineError } from '@heartline/wire'
import { SharedStream, type Opened } from './shared-stream.ts'
import { asOfNow, topicsOfKey, withTopics, type Topics } from './topic-options.ts'

/** Options of the client, or what makes them for the topics that are asked for: `[]` for none. */
export type OptionsFor = ClientOptions | ((topics: Topics) => ClientOptions)

/** Makes a client for topics, which are not in the URL. */
export type CreateClient = (options: ClientOptions, topics: Topics) => Client

/** How streams behave, whoever made their client. */
export interface PoolSetup {
  readonly closeDelayMs: number
  readonly keyOf?: KeyOf<EventMap> | undefined
  readonly onError?: ((error: HeartlineError) => unknown) | undefined
}

/** Streams by their topics: one connection for each set that somebody uses. */
export class StreamPool {
  /** There is one stream, with the topics that its client has. */
  readonly isSingle: boolean
  readonly #setup: PoolSetup
  readonly #open: (key: string, lastEventId: string | undefined) => Opened
  readonly #streams = new Map<string, SharedStream>()

  constructor(
    setup: PoolSetup,
    isSingle: boolean,
    open: (key: string, lastEventId: string | undefined) => Opened,
  ) {
    this.isSingle = isSingle
    this.#setup = setup
    this.#open = open
    if (isSingle)
      this.#streams.set(
        '',
        this.#make('', () => {}),
      )
  }

  /** The stream, if somebody uses it. Rendering asks for no more, so that it leaves no trace. */
  find(key: string): SharedStream | undefined {
    return this.#streams.get(key)
  }

  /** The stream, for whoever uses it from now on. */
  get(key: string): SharedStream {
    const stream = this.find(key) ?? this.#make(key, () => this.#streams.delete(key))
    this.#streams.set(key, stream)
    return stream
  }

  #make(key: string, onUnused: () => void): SharedStream {
    const { closeDelayMs, keyOf, onError } = this.#setup
    const isOwned = !this.isSingle
    const open = (lastEventId: string | undefined): Opened => this.#open(key, lastEventId)
    return new SharedStream({ open, isOwned, closeDelayMs, keyOf, onError, onUnused })
  }
}

/** Streams of a client that somebody else made and closes. */
export function poolOfClient(
  client: Client,
  cache: EventCache | undefined,
  setup: PoolSetup,
): StreamPool {
  return new StreamPool(setup, true, () => ({ client, cache }))
}

/** Streams whose clients are made when they are needed, of the options as they are then. */
export function poolOfOptions(
  options: () => OptionsFor,
  create: () => CreateClient | undefined,
  setup: PoolSetup,
): StreamPool {
  return new StreamPool(setup, false, (key, lastEventId) => {
    const topics = topicsOfKey(key)
    const own = create()
    const resolve = (): ClientOptions => toOptions(options(), topics, own === undefined)
    const resolved = resolve()
    const settled = {
      ...asOfNow(resolved, resolve),
      lastEventId: lastEventId ?? resolved.lastEventId,
    }
    const client = own === undefined ? createClient(settled) : own(settled, topics)
    return { client, cache: isCache(resolved.cache) ? resolved.cache : undefined }
  })
}

function toOptions(options: OptionsFor, topics: Topics, inUrl: boolean): ClientOptions {
  if (typeof options === 'function') return options(topics)
  return withTopics(options, topics, inUrl)
}

/** Something else may only keep events, not tell them. */
function isCache(cache: ClientOptions['cache']): cache is EventCache {
  return cache !== undefined && 'latest' in cache
}
