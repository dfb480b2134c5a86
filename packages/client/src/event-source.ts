import type { StreamItem } from './attempt.ts'
import { Connection } from './connection.ts'
import type { ConnectionState } from './connection-state.ts'
import { toError } from './errors.ts'
import { resolveConnection, type WorldOptions } from './options.ts'
import { isEventStream, type Outcome } from './outcome.ts'
import { toAbsolute } from './request.ts'

/** The standard's one, and the outside world. */
export interface EventSourceOptions extends WorldOptions {
  /** Sends cookies to other origins, too. Default false. */
  readonly withCredentials?: boolean | undefined
  /** The largest event, in bytes; a larger one fails the connection. Default 16 MiB. */
  readonly maxEventBytes?: number | undefined
}

type Handler<Name extends Event> = ((this: EventSource, event: Name) => unknown) | null

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

/**
 * The `EventSource` of the HTML standard (9.2), on `fetch`. What it does more: a server that cannot
 * be reached is asked less and less often, the waits differ a little, and a stream from a hub that
 * advertises heartbeats is replaced when they stay away.
 */
export class EventSource extends EventTarget {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSED: 2
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSED: 2
  readonly #url: string
  readonly #withCredentials: boolean
  readonly #connection: Connection
  readonly #handlers = new Map<string, Attribute>()
  #readyState: 0 | 1 | 2 = CONNECTING
  #lastEventId = ''
  #origin = ''

  /** @throws DOMException `SyntaxError` for a URL that is none, as the standard says. */
  constructor(url: string | URL, options: EventSourceOptions = {}) {
    super()
    this.#url = toUrl(url)
    this.#withCredentials = Boolean(options.withCredentials)
    this.#connection = new Connection(
      {
        ...resolveConnection({
          ...options,
          url: this.#url,
          credentials: this.#withCredentials ? 'include' : 'same-origin',
          redirect: 'follow',
          retryMs: RETRY_MS,
          ladder: { fastRetries: 0, baseMs: 50, jitter: 0.1, maxJitterMs: 200, stableMs: 0 },
          watch: { connectMs: 0 },
        }),
        refuse,
      },
      {
        place: () => this.#lastEventId,
        onState: (state) => this.#changed(state),
        onOpen: (response) => this.#opened(response),
        onItems: (items) => this.#dispatchAll(items),
        onComment: () => {},
        onPlaceLost: () => {},
      },
    )
    this.#connection.start()
  }

  get url(): string {
    return this.#url
  }

  get withCredentials(): boolean {
    return this.#withCredentials
  }

  get readyState(): 0 | 1 | 2 {
    return this.#readyState
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
    this.#connection.stop()
  }

  get [Symbol.toStringTag](): string {
    return 'EventSource'
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
    const handler = typeof value === 'function' ? value : null
    const known = this.#handlers.get(type)
    if (known !== undefined && handler !== null) {
      known.handler = handler
    } else if (known !== undefined) {
      this.removeEventListener(type, known.listener)
      this.#handlers.delete(type)
    } else if (handler !== null) {
      const listener = (event: Event): void => {
        this.#handlers.get(type)?.handler?.call(this, event as never)
      }
      this.#handlers.set(type, { handler, listener })
      this.addEventListener(type, listener)
    }
  }
}

for (const target of [EventSource, EventSource.prototype]) {
  for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSED })) {
    Object.defineProperty(target, name, { value, enumerable: true })
  }
}

/** Everything but a 200 with the right type fails the connection for good. */
async function refuse(response: Response): Promise<Outcome | undefined> {
  const { status, url } = response
  if (status === 200 && isEventStream(response)) return undefined
  return { error: toError('refused', { url, status, reason: 'no event stream' }), verdict: 'stop' }
}

function toUrl(url: string | URL): string {
  try {
    return toAbsolute(url).href
  } catch {
    // The name that the standard demands, which no error of ours has.
    throw new DOMException(`Cannot open an EventSource to '${String(url)}'`, 'SyntaxError')
  }
}
