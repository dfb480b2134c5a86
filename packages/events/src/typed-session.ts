import type { EventDefinition, EventSchemas, InputOf } from './define-events.ts'
import type { SendResult, SessionLike } from './session-like.ts'
import { checkLater, checkNow, type EventExtras, type EventInput } from './to-event.ts'
import type { UncheckedEvent } from './to-event.ts'
import { isSource, TypedSource, type SourceOf } from './typed-source.ts'

/** A session that sends only the events of a definition. Made by `typedSession`. */
export class TypedSession<Schemas extends EventSchemas, Inner extends SessionLike> {
  /** The session itself, for everything that is not said here. What it sends is not checked. */
  readonly session: Inner
  readonly #definition: EventDefinition
  #last: Promise<unknown> | undefined = undefined

  constructor(definition: EventDefinition<Schemas>, session: Inner) {
    this.#definition = definition as unknown as EventDefinition
    this.session = session
  }

  get id(): string {
    return this.session.id
  }

  get isOpen(): boolean {
    return this.session.isOpen
  }

  /** Aborted when the session ends. */
  get signal(): AbortSignal {
    return this.session.signal
  }

  /** Resolves with the end. Never rejects. */
  get closed(): Inner['closed'] {
    return this.session.closed
  }

  /**
   * Sends an event: `session.send('tick', { n: 1 }, { id: '1' })`. A value that the schema refuses
   * throws `HL_EVENTS_DATA_INVALID`, and nothing was sent; see `toEvent` for the rest. Throws
   * `HL_EVENT_FIELD_INVALID` for an id or a delay that cannot be put on the wire.
   */
  send<Type extends keyof Schemas & string>(
    type: Type,
    value: InputOf<EventDefinition<Schemas>, Type>,
    extras: EventExtras = {},
  ): SendResult {
    const event = { ...extras, type, data: value }
    return this.session.send(checkNow(this.#definition, event, 'sendAsync'))
  }

  /**
   * Sends an event whose schema may answer later. Calls of this method leave in their order, also
   * when a later one is validated first. Rejects with what `send` throws.
   */
  sendAsync<Type extends keyof Schemas & string>(
    type: Type,
    value: InputOf<EventDefinition<Schemas>, Type>,
    extras: EventExtras = {},
  ): Promise<SendResult> {
    const checked = checkLater(this.#definition, { ...extras, type, data: value })
    return this.#inTurn(async () => this.session.send(await checked), checked)
  }

  /**
   * Sends what a source yields, as `{ type, data }`, asking for more only when the reader has taken
   * what there was. A value that the schema refuses ends the session with `handler-error`.
   */
  stream(
    source: SourceOf<EventInput<Schemas>>,
    ...options: RestOf<Inner['stream']>
  ): ReturnType<Inner['stream']> {
    const given = source as SourceOf<UncheckedEvent>
    // What is no source is refused by the session, in its own words.
    const events = isSource(given) ? new TypedSource(this.#definition, given) : given
    return this.session.stream(events, ...(options as never[])) as ReturnType<Inner['stream']>
  }

  /** Sends a comment: bytes that no reader sees. */
  comment(text: string): SendResult {
    return this.session.comment(text)
  }

  /** Resolves true when the session may be written to, false when it is over. Never hangs. */
  ready(): Promise<boolean> {
    return this.session.ready()
  }

  close(...args: Parameters<Inner['close']>): void {
    this.session.close(...(args as never[]))
  }

  drain(...args: Parameters<Inner['drain']>): void {
    this.session.drain(...(args as never[]))
  }

  onCleanup(...args: Parameters<Inner['onCleanup']>): () => void {
    return this.session.onCleanup(...(args as never[]))
  }

  #inTurn<Result>(act: () => Promise<Result>, checked: Promise<unknown>): Promise<Result> {
    // It may fail before its turn comes, when nobody has looked at it yet.
    checked.catch(() => {})
    const result = this.#last === undefined ? act() : this.#last.then(act)
    const settled = (): void => {
      if (this.#last === last) this.#last = undefined
    }
    const last: Promise<void> = result.then(settled, settled)
    this.#last = last
    return result
  }
}

type RestOf<Method> = Method extends (first: never, ...rest: infer Rest) => unknown ? Rest : never

/** Lets a session send only the events of a definition. It adds no timer and no listener. */
export function typedSession<Schemas extends EventSchemas, Inner extends SessionLike>(
  definition: EventDefinition<Schemas>,
  session: Inner,
): TypedSession<Schemas, Inner> {
  return new TypedSession(definition, session)
}

/**
 * A handler whose session knows the events, for `stream` of `@heartline/session` and of every
 * adapter: `app.get('/ticks', stream(typedHandler(events, async (session, signal) => …)))`.
 */
export function typedHandler<
  Schemas extends EventSchemas,
  Inner extends SessionLike,
  Context = unknown,
>(
  definition: EventDefinition<Schemas>,
  handler: (
    session: TypedSession<Schemas, Inner>,
    signal: AbortSignal,
    context: Context,
  ) => unknown,
): (session: Inner, signal: AbortSignal, context: Context) => unknown {
  return (session, signal, context) => handler(typedSession(definition, session), signal, context)
}
