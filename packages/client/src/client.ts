import type { HeartlineError, PublishEvent, PublishResult } from '@heartline/wire'
import { Acknowledger } from './acknowledger.ts'
import { Caller } from './caller.ts'
import { ClientSource } from './client-source.ts'
import { Connection } from './connection.ts'
import type { ConnectionState } from './connection-state.ts'
import { movedBack, noContent, optionInvalid, streamEnded, toError } from './errors.ts'
import type { EventMap, EventOf, GapEvent, StreamEvent } from './event.ts'
import type { EventQueue, QueueOptions } from './event-queue.ts'
import { resolveClient, type ClientOptions } from './options.ts'
import type { OutboxSender } from './outbox/outbox.ts'
import { Place } from './place.ts'
import { Probe } from './probe.ts'
import { Receiver } from './receiver.ts'

/** Reads a stream and never loses its place. Made by `createClient`. */
export interface Client<Events extends EventMap = EventMap> extends AsyncIterable<
  StreamEvent<Events>
> {
  readonly state: ConnectionState
  /** The id of the last event that the handlers are done with; `''` before there was one. */
  readonly lastEventId: string
  /** Round-trip time of the last acknowledgement, in milliseconds; undefined without one. */
  readonly rttMs: number | undefined
  /** `publish` calls that wait for their answer. */
  readonly waiting: number
  /** What the server says about the stream itself: `heartline.gap`, `heartline.drain` and others. */
  on<Type extends `heartline.${string}`>(
    type: Type,
    handler: (
      data: Type extends GapEvent['type'] ? GapEvent['data'] : unknown,
      event: Type extends GapEvent['type'] ? GapEvent : EventOf<Type, unknown>,
    ) => unknown,
  ): () => void
  /** Every event of the application, and gaps. */
  on(type: '*', handler: (data: unknown, event: StreamEvent<Events>) => unknown): () => void
  /**
   * Calls the handler for each event of a type. What comes next waits for the promise it returns.
   * The first handler connects.
   *
   * @returns Takes the handler away again.
   */
  on<Type extends keyof Events & string>(
    type: Type,
    handler: (data: Events[Type], event: EventOf<Type, Events[Type]>) => unknown,
  ): () => void
  /** Calls the handler with every change of the state. */
  onState(handler: (state: ConnectionState) => unknown): () => void
  /** Calls the handler with what went wrong beside the connection: handlers, data, the store. */
  onError(handler: (error: HeartlineError) => unknown): () => void
  /** Calls the handler with every heartbeat. */
  onHeartbeat(handler: () => unknown): () => void
  /** An iteration with a bounded queue. It connects. Leaving the loop ends only the iteration. */
  events(options?: QueueOptions): AsyncIterableIterator<StreamEvent<Events>>
  /** Begins to read, if nothing did before. */
  connect(): void
  /** Looks at once whether the stream is alive, and tries again at once when it waits. */
  wake(): void
  /**
   * Resolves when a server stored the events, however often it has to be asked. Needs the option
   * `outbox`.
   */
  publish(events: PublishEvent | readonly PublishEvent[]): Promise<readonly PublishResult[]>
  /** Ends everything. Idempotent. */
  close(): void
}

/**
 * Reads a stream of events across every interruption.
 *
 * @throws HeartlineError `HL_CLIENT_OPTION_INVALID`
 */
export function createClient<Events extends EventMap = EventMap>(
  options: ClientOptions<Events>,
): Client<Events> {
  return new StreamClient<Events>(options)
}

/** A loop over the client ends after these as it does after `close`; after others it throws. */
const GOOD_ENDS = [streamEnded.code, noContent.code]

class StreamClient<Events extends EventMap> implements Client<Events> {
  readonly #place: Place
  readonly #caller: Caller
  readonly #source: ClientSource
  readonly #connection: Connection
  readonly #receiver: Receiver<Events>
  readonly #acknowledger: Acknowledger
  readonly #sender: OutboxSender | undefined
  readonly #probe: Probe

  constructor(options: ClientOptions<Events>) {
    const setup = resolveClient(options as ClientOptions)
    const { clock, source } = setup
    const onError = (error: HeartlineError): void => this.#receiver.report(error)
    const store = options.cache?.beside(options.store, onError) ?? options.store
    const caller = new Caller(setup)
    this.#caller = caller
    this.#place = new Place(options.lastEventId ?? '', store, onError, clock)
    this.#receiver = new Receiver({ ...options, ...setup }, this.#place, {
      expire: () => this.#source.expire(),
      leave: (error) => this.#connection.renew(error),
      stop: (error) => this.#connection.stop(error),
    })
    this.#acknowledger = new Acknowledger({ caller, clock, handled: () => this.#place.handled })
    this.#probe = new Probe({ ...setup, caller, onHealthy: () => this.#moveBack() })
    this.#sender = options.outbox?.open({
      ...setup,
      caller,
      onError,
      canRefresh: source.canRefresh,
      endpoint: () => this.#source.endpoint,
    })
    this.#source = new ClientSource({ ...setup, onPlaceLost: () => this.#receiver.losePlace() })
    this.#connection = new Connection(
      { ...setup, source: this.#source },
      {
        place: () => this.#place.next(),
        onState: (state) => this.#changed(state),
        onOpen: (response, heartbeatMs) => {
          if (options.acknowledge !== false) {
            this.#acknowledger.opened(response, heartbeatMs, this.#source.endpoint)
          }
          this.#sender?.flush()
        },
        onItems: (items) => this.#receiver.receive(items),
        onComment: (text) => this.#receiver.comment(text),
      },
    )
    const { signal } = options
    if (signal?.aborted === true) this.close()
    // Taken away with the client: the signal may be that of a whole program.
    else signal?.addEventListener('abort', () => this.close(), { signal: caller.closing })
  }

  get state(): ConnectionState {
    return this.#connection.state
  }

  get lastEventId(): string {
    return this.#place.handled
  }

  get rttMs(): number | undefined {
    return this.#acknowledger.rttMs
  }

  get waiting(): number {
    return this.#sender?.size ?? 0
  }

  on(type: string, handler: (...values: never[]) => unknown): () => void {
    const off = this.#receiver.events.add(type, handler)
    this.connect()
    return off
  }

  onState(handler: (state: ConnectionState) => unknown): () => void {
    return this.#receiver.observers.add('state', handler)
  }

  onError(handler: (error: HeartlineError) => unknown): () => void {
    return this.#receiver.observers.add('error', handler)
  }

  onHeartbeat(handler: () => unknown): () => void {
    return this.#receiver.observers.add('heartbeat', handler)
  }

  events(options: QueueOptions = {}): EventQueue<Events> {
    const queue = this.#receiver.openQueue(options)
    if (this.state.name === 'closed') queue.end()
    this.connect()
    return queue
  }

  /** Leaving this loop closes the client. It throws what ended the stream for good. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamEvent<Events>, undefined> {
    const queue = this.events()
    try {
      for (;;) {
        const { value, done } = await queue.next()
        if (done === true) break
        yield value
      }
    } finally {
      this.close()
      await queue.return()
    }
    const { lastError } = this.state
    if (lastError !== undefined && !GOOD_ENDS.includes(lastError.code)) throw lastError
    return undefined
  }

  connect(): void {
    this.#connection.start()
  }

  wake(): void {
    this.#connection.wake()
    this.#sender?.flush()
  }

  async publish(events: PublishEvent | readonly PublishEvent[]): Promise<readonly PublishResult[]> {
    const sender = this.#sender
    if (sender === undefined) {
      const problem = 'is missing: publishing needs one, as memoryOutbox()'
      throw toError(optionInvalid, { option: 'outbox', problem })
    }
    return sender.publish(Array.isArray(events) ? events : [events as PublishEvent])
  }

  close(): void {
    this.#connection.stop()
    this.#caller.close()
    this.#sender?.close()
  }

  #moveBack(): void {
    this.#source.prefer()
    this.#connection.leave(toError(movedBack))
  }

  #changed(state: ConnectionState): void {
    if (state.name !== 'open') this.#acknowledger.stop()
    if (state.name === 'open' && state.endpoint > 0) this.#probe.start()
    else this.#probe.stop()
    if (state.name === 'closed') this.#receiver.end()
    this.#receiver.notify('state', state)
  }
}
