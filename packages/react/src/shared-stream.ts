import type {
  Client,
  ConnectionState,
  EventMap,
  PublishEvent,
  PublishResult,
  StreamEvent,
} from '@heartline/client'
import { memoryCache, type CachedEvent, type EventCache, type KeyOf } from '@heartline/client/cache'
import type { HeartlineError } from '@heartline/wire'
import { EventWindow, noEvents, type WindowQuery } from './event-window.ts'
import { idleState } from './idle.ts'

/** A client, and the cache that it fills, if it has one. */
export interface Opened {
  readonly client: Client
  readonly cache?: EventCache | undefined
}

/** What a shared stream is made with. */
export interface SharedStreamSetup {
  /** Makes a client, anew after the last one was closed; or gives the one of the caller. */
  readonly open: (lastEventId: string | undefined) => Opened
  /** Closes a client that nobody uses. Not one of the caller. */
  readonly isOwned: boolean
  /** How long nobody has to use it. */
  readonly closeDelayMs: number
  readonly keyOf: KeyOf<EventMap> | undefined
  readonly onError: ((error: HeartlineError) => unknown) | undefined
  /** Nobody uses it or looks at it. */
  readonly onUnused: () => void
}

type Off = () => void
type EventHandler = (event: StreamEvent) => unknown
type ErrorHandler = (error: HeartlineError) => unknown

/**
 * One stream that many components use. It is opened for the first and closed some time after the
 * last: a component that React mounts twice, or a page that changes, keeps its connection.
 */
export class SharedStream {
  readonly #setup: SharedStreamSetup
  readonly #windows = new Map<string, EventWindow>()
  /** What each handler has on the client of now. */
  readonly #eventHandlers = new Map<EventHandler, Off | undefined>()
  readonly #errorHandlers = new Map<ErrorHandler, Off | undefined>()
  readonly #stateListeners = new Set<() => void>()
  #client: Client | undefined
  /** Held here: a client may tell it by another object each time, which React takes for a change. */
  #state: ConnectionState = idleState()
  /** The one that came with the client. */
  #cache: EventCache | undefined
  /** Made when somebody asks for last values and no cache came. */
  #memory: EventCache | undefined
  #offs: Off[] = []
  #offReading: Off | undefined
  #users = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(setup: SharedStreamSetup) {
    this.#setup = setup
    // A client of the caller is there whether somebody uses it or not.
    if (setup.isOwned) return
    ;({ client: this.#client, cache: this.#cache } = setup.open(undefined))
    this.#state = this.#client.state
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** What the window of a query holds. */
  eventsOf(key: string): readonly StreamEvent[] {
    return this.#windows.get(key)?.events ?? noEvents()
  }

  latest(type: string, key: string): CachedEvent | undefined {
    return (this.#cache ?? this.#memory)?.latest(type, key)
  }

  /** Uses the stream, and tells when the window of a query has something new. */
  watchEvents(query: WindowQuery, listener: () => void): Off {
    const window = this.#windows.get(query.key) ?? new EventWindow(query, this.#setup.closeDelayMs)
    this.#windows.set(query.key, window)
    const off = window.watch(listener)
    const release = this.#use()
    return () => {
      off()
      release()
    }
  }

  /** Uses the stream, and tells when the last value changes. */
  watchLatest(type: string, key: string, listener: () => void): Off {
    const release = this.#use()
    const cache = this.#cache ?? (this.#memory ??= memoryCache({ keyOf: this.#setup.keyOf }))
    void cache.load()
    const off = cache.watch(type, key, listener)
    return () => {
      off()
      release()
    }
  }

  /** Uses the stream, and calls the handler with each event. The place comes after it. */
  listen(handler: EventHandler): Off {
    const release = this.#use()
    this.#eventHandlers.set(handler, this.#client && register(this.#client, handler))
    return () => {
      this.#eventHandlers.get(handler)?.()
      this.#eventHandlers.delete(handler)
      release()
    }
  }

  /** Tells what goes wrong beside the connection. Does not open it. */
  listenToErrors(handler: ErrorHandler): Off {
    this.#errorHandlers.set(handler, this.#client?.onError(handler))
    return () => {
      this.#errorHandlers.get(handler)?.()
      this.#errorHandlers.delete(handler)
      this.#leave()
    }
  }

  /** Tells when the state changes. Does not open the connection. */
  watchState(listener: () => void): Off {
    const own = (): void => listener()
    this.#stateListeners.add(own)
    if (!this.#setup.isOwned) this.#attach()
    return () => {
      this.#stateListeners.delete(own)
      this.#leave()
    }
  }

  /** Tries at once; also after the end, with a new client where this one owns it. */
  reconnect(): void {
    const client = this.#client
    if (client === undefined) return
    if (client.state.name !== 'closed' || !this.#setup.isOwned) return client.wake()
    const { lastEventId } = client
    this.#detach()
    this.#attach(lastEventId)
    if (this.#users > 0) this.#read()
    this.#tellState()
  }

  async publish(events: PublishEvent | readonly PublishEvent[]): Promise<readonly PublishResult[]> {
    const release = this.#use(false)
    try {
      return await (this.#client as Client).publish(events)
    } finally {
      release()
    }
  }

  /** @param reads Begins to read; publishing alone does not. */
  #use(reads = true): Off {
    clearTimeout(this.#timer)
    this.#users++
    this.#attach()
    if (reads) this.#read()
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      this.#users--
      this.#leave()
    }
  }

  #read(): void {
    this.#offReading ??= this.#client?.on('*', (_, event) => this.#spread(event))
  }

  #leave(): void {
    clearTimeout(this.#timer)
    if (this.#users === 0) {
      this.#timer = setTimeout(() => this.#close(), this.#setup.closeDelayMs)
    }
  }

  #close(): void {
    this.#windows.clear()
    this.#memory = undefined
    this.#stopReading()
    if (this.#setup.isOwned || this.#stateListeners.size === 0) this.#detach()
    if (this.#stateListeners.size + this.#errorHandlers.size === 0) this.#setup.onUnused()
    else this.#tellState()
  }

  #attach(lastEventId?: string): void {
    if (this.#offs.length > 0) return
    const { isOwned, open, onError } = this.#setup
    if (isOwned) ({ client: this.#client, cache: this.#cache } = open(lastEventId))
    const client = this.#client as Client
    this.#state = client.state
    this.#offs.push(
      client.onState((state) => {
        this.#state = state
        this.#tellState()
      }),
    )
    if (onError !== undefined) this.#offs.push(client.onError(onError))
    for (const handler of this.#errorHandlers.keys()) {
      this.#errorHandlers.set(handler, client.onError(handler))
    }
    for (const handler of this.#eventHandlers.keys()) {
      this.#eventHandlers.set(handler, register(client, handler))
    }
  }

  #detach(): void {
    for (const off of this.#offs.splice(0)) off()
    for (const off of this.#errorHandlers.values()) off?.()
    for (const off of this.#eventHandlers.values()) off?.()
    this.#stopReading()
    if (!this.#setup.isOwned) return
    this.#client?.close()
    this.#client = this.#cache = undefined
    this.#state = idleState()
  }

  #stopReading(): void {
    this.#offReading?.()
    this.#offReading = undefined
  }

  #spread(event: StreamEvent): void {
    this.#memory?.keep(event)
    for (const [key, window] of this.#windows) {
      // Whoever looked has gone. It had as long as the stream has to come back.
      if (window.isExpired) this.#windows.delete(key)
      else window.add(event)
    }
  }

  #tellState(): void {
    for (const listener of this.#stateListeners) listener()
  }
}

/** One on the client for each handler, so that none of them can disturb another. */
function register(client: Client, handler: EventHandler): Off {
  return client.on('*', (_, event) => handler(event))
}
