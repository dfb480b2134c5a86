import { HeartlineError } from '@heartline/wire'
import { systemClock, type Clock } from '../clock.ts'
import type { EventMap, StreamEvent } from '../event.ts'
import type { EventKeeper } from '../event-keeper.ts'
import { toHandlerError } from '../handlers.ts'
import type { PlaceStore } from '../store/place-store.ts'
import type { CacheStore } from './cache-store.ts'
import { nameOf, toCachedEvent, type CachedEvent, type KeyOf } from './cached-event.ts'
import { cacheErrors } from './errors.ts'
import { Values } from './values.ts'
import { Watchers } from './watchers.ts'
import { Writer } from './writer.ts'

/** What a cache keeps. */
export interface CacheOptions<Events extends EventMap = EventMap> {
  /**
   * Of what one value of a type is kept each: `(event) => event.data.symbol`. Undefined: the event is
   * not kept. The key that an event was published with is not part of a stream. Default: the last
   * event of each type.
   */
  readonly keyOf?: KeyOf<Events> | undefined
  /** The most values. The one that did not change for longest goes first. Default 1,000. */
  readonly maxKeys?: number | undefined
  /** The most bytes of JSON. A value that is larger alone is not kept. Default 1,048,576. */
  readonly maxBytes?: number | undefined
  /** Default: the one of the platform. */
  readonly clock?: Clock | undefined
}

/** The part of a `Client` that is followed. */
export interface Followed {
  on(type: '*', handler: (data: unknown, event: StreamEvent) => unknown): () => void
}

/**
 * The last value of each key, in memory and, with a store, beyond the end of the page or process.
 * Given to a client as `cache`, it takes each event that all handlers are done with, and what the
 * client's store calls its place is never ahead of it.
 */
export class EventCache<Events extends EventMap = EventMap> implements EventKeeper {
  readonly #keyOf: KeyOf<Events> | undefined
  readonly #clock: Clock
  readonly #values: Values
  readonly #writer: Writer
  readonly #watchers = new Watchers()
  #changed = new Set<string>()
  #loading: Promise<void> | undefined
  #onError: ((error: HeartlineError) => void) | undefined

  /** @throws HeartlineError `HL_CLIENT_CACHE_OPTION_INVALID` */
  constructor(store: CacheStore | undefined, options: CacheOptions<Events> = {}) {
    const { keyOf, maxKeys = 1000, maxBytes = 1_048_576, clock = systemClock } = options
    requireWhole({ maxKeys, maxBytes })
    this.#keyOf = keyOf
    this.#clock = clock
    const report = (error: HeartlineError): void => this.#report(error)
    this.#values = new Values(maxKeys, maxBytes, report)
    this.#writer = new Writer(store, this.#values, { clock, report })
  }

  /** How many values there are. */
  get size(): number {
    return this.#values.size
  }

  /** The last event of a type, of the key that `keyOf` gave it; undefined when there was none. */
  latest<Type extends keyof Events & string>(
    type: Type,
    key = '',
  ): CachedEvent<Type, Events[Type]> | undefined {
    const event = this.#values.get(nameOf(type, key))
    return event as CachedEvent<Type, Events[Type]> | undefined
  }

  /** All of them; the one that did not change for longest is first. */
  events(): CachedEvent[] {
    return this.#values.list()
  }

  /** Calls the listener after the value of a type and key changed. Once a turn, without it. */
  watch(type: string, key: string, listener: () => void): () => void {
    return this.#watchers.add(nameOf(type, key), listener)
  }

  /**
   * Reads the store, once; a client does it before its first request. What came from the stream
   * meanwhile wins. Never rejects: what fails is reported.
   */
  load(): Promise<void> {
    this.#loading ??= this.#load()
    return this.#loading
  }

  /** Forgets everything, also in the store: when somebody logs out, say. */
  async clear(): Promise<void> {
    await this.load()
    for (const name of this.#values.clear()) this.#change(name)
    this.#settle()
    await this.#writer.clear()
  }

  /** Takes an event in. Control events are left alone. */
  keep(event: StreamEvent): void {
    if (event.type.startsWith('heartline.')) return
    try {
      const key = this.#keyOf === undefined ? '' : this.#keyOf(event as StreamEvent<Events>)
      if (key === undefined) return
      const { type, data, id } = event
      const name = nameOf(type, key)
      this.#values.set(name, { type, key, data, id, at: this.#clock.now() })
      this.#change(name)
    } catch (thrown) {
      this.#report(toHandlerError('keyOf', thrown))
    }
  }

  /** Takes the events of a client that was not made with this cache, such as one of several tabs. */
  follow(client: Followed): () => void {
    void this.load()
    return client.on('*', (_, event) => this.keep(event))
  }

  /** Resolves when what was kept before is written, or cannot be. Never rejects. */
  flush(): Promise<void> {
    this.#settle()
    return this.#writer.flush()
  }

  beside(store: PlaceStore | undefined, onError: (error: HeartlineError) => void): PlaceStore {
    this.#onError = onError
    return {
      load: () => {
        // Not waited for: values that come late must not cost the place.
        void this.load()
        return store?.load()
      },
      save: async (id) => {
        this.#settle()
        await this.#writer.flushInTime()
        await store?.save(id)
      },
    }
  }

  async #load(): Promise<void> {
    const records = await this.#writer.load()
    const names = this.#values.addOlder(records, toCachedEvent)
    for (const name of names) this.#change(name)
    this.#settle()
  }

  #change(name: string): void {
    // Events of one turn are measured, told and written together.
    if (this.#changed.size === 0) queueMicrotask(() => void this.flush())
    this.#changed.add(name)
  }

  #settle(): void {
    const changed = this.#changed
    if (changed.size === 0) return
    this.#changed = new Set()
    for (const name of this.#values.measure()) changed.add(name)
    this.#watchers.tell(changed, (thrown) => this.#report(toHandlerError('watch', thrown)))
  }

  #report(error: HeartlineError): void {
    if (this.#onError !== undefined) this.#onError(error)
    // oxlint-disable-next-line no-console -- There is no client yet that could be told.
    else console.error(error)
  }
}

function requireWhole(options: Readonly<Record<string, number>>): void {
  for (const [option, given] of Object.entries(options)) {
    if (Number.isSafeInteger(given) && given > 0) continue
    throw new HeartlineError(cacheErrors.cacheOptionInvalid, { option, given: String(given) })
  }
}
