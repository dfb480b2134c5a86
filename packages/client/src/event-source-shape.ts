import type { WorldOptions } from './options.ts'
import type { ResumeBy } from './stream-request.ts'

/** The standard's one, how to go on, and the outside world. */
export interface EventSourceOptions extends WorldOptions {
  /** Sends cookies to other origins, too. Default false. */
  readonly withCredentials?: boolean | undefined
  /**
   * `query` sends the place as `?lastEventId=`, which a hub understands. Default `header`, as the
   * standard says; `query` in a browser to another origin when the browser has no `EventSource`.
   */
  readonly resumeBy?: ResumeBy | undefined
  /** The longest event, in UTF-16 code units; a longer one fails the connection. Default 16 Mi. */
  readonly maxEventLength?: number | undefined
}

/** An `on…` attribute. */
export type Handler<Name extends Event> = ((this: EventSource, event: Name) => unknown) | null

interface OwnEvents {
  readonly open: Event
  readonly message: MessageEvent
  readonly error: Event
}

/**
 * The shape of an `EventSource`, as TypeScript's own declarations have it: what takes the browser's
 * takes ours, and the other way round.
 */
export interface EventSource extends EventTarget {
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSED: 2
  readonly url: string
  readonly withCredentials: boolean
  /** One of the three constants. */
  readonly readyState: number
  onopen: Handler<Event>
  onmessage: Handler<MessageEvent>
  onerror: Handler<Event>
  close(): void
  addEventListener<Type extends keyof OwnEvents>(
    type: Type,
    listener: (this: EventSource, event: OwnEvents[Type]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void
  addEventListener(
    type: string,
    listener: (this: EventSource, event: MessageEvent) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void
  removeEventListener<Type extends keyof OwnEvents>(
    type: Type,
    listener: (this: EventSource, event: OwnEvents[Type]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void
  removeEventListener(
    type: string,
    listener: (this: EventSource, event: MessageEvent) => unknown,
    options?: boolean | EventListenerOptions,
  ): void
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void
}

/** The class of them. */
export interface EventSourceClass {
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSED: 2
  readonly prototype: EventSource
  /**
   * @throws TypeError Without a URL, or for options that are no object.
   * @throws DOMException `SyntaxError` for a URL that is none. Both as the standard says.
   */
  new (url: string | URL, options?: EventSourceOptions | null): EventSource
}
