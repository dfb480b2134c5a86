import type { StreamItem } from './attempt.ts'
import { Connection } from './connection.ts'
import type { ConnectionState } from './connection-state.ts'
import type {
  EventSourceClass,
  EventSourceOptions,
  EventSource as Shape,
  Handler,
} from './event-source-shape.ts'
import { network, reasonOf, refused, toError } from './errors.ts'
import { LADDER_DEFAULTS, type Ladder } from './ladder.ts'
import { resolveNumbers } from './numbers.ts'
import { EVENT_BOUND, resolveWorld } from './options.ts'
import { isEventStream, type Judge } from './outcome.ts'
import { PATIENCE_DEFAULTS, type Patience } from './patience.ts'
import { isNear, toAbsolute } from './request.ts'
import { toStreamRequest, type ResumeBy, type StreamSource } from './stream-request.ts'

/** An `on…` attribute. */
interface Attribute {
  handler: Handler<never>
  readonly listener: (event: Event) => void
}

const CONNECTING = 0
const OPEN = 1
const CLOSED = 2
/** The standard says "a few seconds", and browsers take three. */
const RETRY_MS = 3000
const LADDER: Ladder = {
  ...LADDER_DEFAULTS,
  fastRetries: 0,
  baseMs: 50,
  jitter: 0.1,
  maxJitterMs: 200,
  stableMs: 0,
}
const PATIENCE: Patience = { ...PATIENCE_DEFAULTS, connectMs: 0 }
/** Taken now: a page may put the class in its place. */
const Native = globalThis.EventSource

class Source extends EventTarget implements Omit<Shape, keyof EventTarget> {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSED: 2
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSED: 2
  readonly #url: string
  readonly #withCredentials: boolean
  readonly #native: InstanceType<typeof Native> | undefined
  readonly #connection: Connection | undefined
  readonly #handlers = new Map<string, Attribute>()
  #readyState: 0 | 1 | 2 = CONNECTING
  #lastEventId = ''
  #origin = ''

  constructor(url: string | URL, options: EventSourceOptions | null = {}) {
    super()
    // Read in the order of the standard. Unlike String(), a template throws for a symbol.
    const text = `${url as string}`
    const given = options ?? {}
    if (arguments.length === 0 || Object(given) !== given)
      throw new TypeError('Give a URL, options')
    const { withCredentials, ...others } = given
    const target = toUrl(text)
    const isFar = !isNear(target)
    this.#url = target.href
    this.#withCredentials = Boolean(withCredentials)
    if (isFar && Native !== undefined && Object.keys(others).length === 0) {
      this.#native = new Native(this.#url, { withCredentials: this.#withCredentials })
      for (const type of ['open', 'message', 'error']) this.#relay(this.#native, type)
    } else {
      this.#connection = this.#connect({ resumeBy: isFar ? 'query' : 'header', ...others })
      this.#connection.start()
    }
  }

  get url(): string {
    return this.#url
  }

  get withCredentials(): boolean {
    return this.#withCredentials
  }

  get readyState(): number {
    return this.#native?.readyState ?? this.#readyState
  }

  get onopen(): Handler<Event> {
    return this.#getHandler('open')
  }

  set onopen(handler: Handler<Event>) {
    this.#setHandler('open', handler)
  }

  get onmessage(): Handler<MessageEvent> {
    return this.#getHandler('message')
  }

  set onmessage(handler: Handler<MessageEvent>) {
    this.#setHandler('message', handler)
  }

  get onerror(): Handler<Event> {
    return this.#getHandler('error')
  }

  set onerror(handler: Handler<Event>) {
    this.#setHandler('error', handler)
  }

  close(): void {
    this.#readyState = CLOSED
    this.#native?.close()
    this.#connection?.stop()
  }

  override addEventListener(
    type: string,
    _listener: EventListenerOrEventListenerObject | null,
  ): void {
    if (this.#native !== undefined) this.#relay(this.#native, type)
    // As many as were given: with less than two it throws.
    super.addEventListener(...(arguments as never as Parameters<EventTarget['addEventListener']>))
  }

  #connect(options: EventSourceOptions): Connection {
    const { resumeBy } = options
    const world = resolveWorld(options)
    return new Connection(
      {
        ...world,
        // After a stream, the time is what the server or the standard says, to the millisecond.
        random: () => (this.#readyState === OPEN ? 0 : world.random()),
        source: this.#toSource(resumeBy),
        judge,
        ladder: LADDER,
        patience: PATIENCE,
        ...resolveNumbers(EVENT_BOUND, options),
        retryMs: RETRY_MS,
      },
      {
        place: () => this.#lastEventId,
        onState: (state) => this.#changed(state),
        onOpen: (response) => this.#opened(response),
        onItems: (items) => this.#dispatchAll(items),
      },
    )
  }

  #toSource(resumeBy: ResumeBy | undefined): StreamSource {
    return {
      endpoint: 0,
      prepare: async (context) => {
        const headers = new Headers()
        const credentials = this.#withCredentials ? 'include' : 'same-origin'
        return toStreamRequest(new URL(this.#url), { headers, credentials }, context, resumeBy)
      },
    }
  }

  /** Passes on what the browser's own says. Once for each type: a listener is added once. */
  #relay(native: EventTarget, type: string): void {
    native.addEventListener(type, this.#pass)
  }

  readonly #pass = (event: Event): void => {
    const isMessage = event instanceof MessageEvent
    const { type } = event
    this.dispatchEvent(isMessage ? new MessageEvent(type, event as object) : new Event(type))
  }

  #opened(response: Response): void {
    this.#origin = new URL(response.url || this.#url).origin
    this.#readyState = OPEN
    this.dispatchEvent(new Event('open'))
  }

  #changed({ name }: ConnectionState): void {
    const hasFailed = name === 'waiting' || name === 'offline' || name === 'closed'
    if (!hasFailed || this.#readyState === CLOSED) return
    this.#readyState = name === 'closed' ? CLOSED : CONNECTING
    this.dispatchEvent(new Event('error'))
  }

  #dispatchAll(items: readonly StreamItem[]): void {
    for (const { type, data, id } of items) {
      // A handler may have closed it.
      if (this.#readyState === CLOSED) return
      this.#lastEventId = id
      if (data === undefined) continue
      const init = { data, origin: this.#origin, lastEventId: id }
      this.dispatchEvent(new MessageEvent(type, init))
    }
  }

  #getHandler<Name extends Event>(type: string): Handler<Name> {
    return (this.#handlers.get(type)?.handler ?? null) as Handler<Name>
  }

  /** One that is replaced keeps its place among the listeners; one that is removed loses it. */
  #setHandler(type: string, value: Handler<never>): void {
    // Any object is kept, as for every event handler attribute; only a function is called.
    const handler = Object(value) === value ? value : null
    const known = this.#handlers.get(type)
    if (known !== undefined && handler !== null) {
      known.handler = handler
    } else if (known !== undefined) {
      this.removeEventListener(type, known.listener)
      this.#handlers.delete(type)
    } else if (handler !== null) {
      const listener = (event: Event): void => {
        const current = this.#handlers.get(type)?.handler
        if (typeof current !== 'function') return
        // As for every event handler attribute.
        if (current.call(this as never, event as never) === false) event.preventDefault()
      }
      this.#handlers.set(type, { handler, listener })
      this.addEventListener(type, listener)
    }
  }
}

const { prototype } = Source
for (const target of [Source, prototype]) {
  for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSED })) {
    Object.defineProperty(target, name, { value, enumerable: true })
  }
}
for (const name of Object.getOwnPropertyNames(prototype)) {
  Object.defineProperty(prototype, name, { enumerable: name !== 'constructor' })
}
Object.defineProperty(prototype, Symbol.toStringTag, { value: 'EventSource', configurable: true })
// Also after a bundler gave the class a shorter name.
Object.defineProperty(Source, 'name', { value: 'EventSource' })

export type EventSource = Shape
/**
 * The `EventSource` of the HTML standard (9.2), on `fetch`. What it does more: a server that cannot
 * be reached is asked less and less often, after waits that differ a little, and a stream from a hub
 * that advertises heartbeats is replaced when they stay away.
 *
 * From a page to another origin, `fetch` may send no `Last-Event-ID` unless the server answers
 * `OPTIONS`; the browser's own `EventSource` may. So that one reads those streams, unless any option
 * but `withCredentials` is given.
 */
export const EventSource: EventSourceClass = Source as unknown as EventSourceClass

const judge: Judge = {
  /** Everything but a 200 with the right type fails the connection for good. */
  async refuse(response, { url }) {
    const { status } = response
    if (isEventStream(response)) return undefined
    return { error: toError(refused, { url, status, reason: 'no stream' }), verdict: 'stop' }
  },
  /** What is not on the network does not come back. */
  explain(url, thrown) {
    const error = toError(network, { url, reason: reasonOf(thrown) }, thrown)
    return { error, verdict: url.startsWith('http') ? 'retry' : 'stop' }
  },
}

function toUrl(text: string): URL {
  try {
    return toAbsolute(text)
  } catch {
    // The name that the standard demands, which no error of ours has.
    throw new DOMException(`Invalid URL '${text}'`, 'SyntaxError')
  }
}
