import type { HeartlineError } from '@heartline/wire'
import type { StreamItem } from './attempt.ts'
import type { Clock } from './clock.ts'
import { dataInvalid, dismissed, drained, handlerStuck, toError } from './errors.ts'
import { GAP, type EventMap, type Gap, type StreamEvent } from './event.ts'
import { EventQueue, type QueueOptions } from './event-queue.ts'
import { Handlers, toHandlerError } from './handlers.ts'
import type { ClientOptions } from './options.ts'
import type { Place } from './place.ts'
import { Progress } from './progress.ts'
import { check, decodeData, type Checked, type StandardSchema } from './schema.ts'

/** What control events make the connection do. */
export interface Controls {
  /** The token ended. */
  expire(): void
  /** The server leaves: come back, perhaps to another one. */
  leave(error: HeartlineError): void
  /** The server wants no more of this reader. */
  stop(error: HeartlineError): void
}

/** What it is made with. */
export interface ReceiverOptions<Events extends EventMap> extends Pick<
  ClientOptions<Events>,
  'schemas' | 'decode' | 'cache' | 'delivery'
> {
  readonly clock: Clock
  readonly handlerMs: number
}

const CONTROL = 'heartline.'

/** Reads the items of the stream as events, and hands them to everyone who wants them, in order. */
export class Receiver<Events extends EventMap> {
  /** Handlers by event type. */
  readonly events: Handlers = new Handlers()
  /** Handlers of `state`, `error` and `heartbeat`. */
  readonly observers: Handlers = new Handlers()
  readonly #options: ReceiverOptions<Events>
  readonly #schemas: Readonly<Record<string, StandardSchema | undefined>>
  readonly #place: Place
  readonly #controls: Controls
  readonly #progress: Progress
  readonly #queues = new Set<EventQueue<Events>>()
  #isOver = false
  /** Reports the handler that is at work. */
  #late: unknown

  constructor(options: ReceiverOptions<Events>, place: Place, controls: Controls) {
    this.#options = options
    this.#schemas = (options.schemas ?? {}) as Record<string, StandardSchema>
    this.#place = place
    this.#controls = controls
    this.#progress = new Progress(({ id, event }) => {
      if (event !== undefined) options.cache?.keep(event)
      place.handle(id)
    })
  }

  /** Adds an iteration. */
  openQueue(options: QueueOptions): EventQueue<Events> {
    const queue: EventQueue<Events> = new EventQueue(options, this.#progress, () => {
      this.#queues.delete(queue)
    })
    this.#queues.add(queue)
    return queue
  }

  /** The items of one chunk. The promise, if there is one, resolves when they are handled. */
  receive(items: readonly StreamItem[]): void | Promise<void> {
    for (const [index, item] of items.entries()) {
      const waiting = this.#take(item)
      if (waiting !== undefined) return this.#receiveAfter(waiting, items.slice(index + 1))
    }
  }

  /** Nothing is handed over any more. Iterations end. */
  end(): void {
    this.#isOver = true
    // Whoever never returns must not keep a process alive.
    this.#options.clock.clearTimer(this.#late)
    for (const queue of this.#queues) queue.end()
  }

  comment(text: string): void {
    if (text.startsWith('hb ')) this.notify('heartbeat')
  }

  /** The server does not know the place. */
  losePlace(): void {
    const from = this.#place.received
    this.#place.restart('')
    void this.#deliver(GAP, { reason: 'invalid', from } satisfies Gap, '')
  }

  /** Reports what went wrong, or says it aloud when nobody wants to know. */
  report(error: HeartlineError): void {
    if (this.observers.has('error')) this.notify('error', error)
    // oxlint-disable-next-line no-console -- What a handler throws must not vanish.
    else console.error(error)
  }

  notify(name: 'state' | 'error' | 'heartbeat', value?: unknown): void {
    void this.observers.call(name, [value], (thrown) => {
      // An observer of errors that throws is not told about itself.
      if (name !== 'error') this.report(toHandlerError(name, thrown))
    })
  }

  async #receiveAfter(waiting: Promise<void>, rest: readonly StreamItem[]): Promise<void> {
    await waiting
    for (const item of rest) await this.#take(item)
  }

  #take(item: StreamItem): void | Promise<void> {
    if (this.#isOver) return
    const { type, data, id, hasOwnId } = item
    if (type.startsWith(CONTROL)) return this.#control(item)
    if (hasOwnId && this.#isDuplicate(id)) return
    this.#place.receive(id)
    if (data === undefined) return this.#progress.done(this.#progress.begin(id))
    if (type === 'heartbeat' && !hasOwnId && isHeartbeat(data)) return this.notify('heartbeat')
    return this.#decode(item, data)
  }

  #isDuplicate(id: string): boolean {
    const isCovered = this.#place.covers(id)
    return isCovered && this.#options.delivery !== 'at-least-once'
  }

  #control({ type, data = '', id }: StreamItem): void | Promise<void> {
    // Also backwards: after a roll-back, smaller places are new events.
    this.#place.receive(id)
    // Which is never a problem.
    const fields = decodeData(data, 'auto') as { readonly data: unknown }
    const waiting = this.#deliver(type, fields.data, id)
    if (type === 'heartline.expired') this.#controls.expire()
    else if (type === 'heartline.drain') this.#controls.leave(toError(drained))
    else if (type === 'heartline.end') this.#controls.stop(toError(dismissed))
    return waiting
  }

  #decode({ type, id }: StreamItem, text: string): void | Promise<void> {
    const checked = decodeData(text, this.#options.decode ?? 'auto')
    const schema = Object.hasOwn(this.#schemas, type) ? this.#schemas[type] : undefined
    if (schema === undefined || !('data' in checked)) return this.#hand(type, checked, id)
    return check(schema, checked.data).then((result) => this.#hand(type, result, id))
  }

  #hand(type: string, checked: Checked, id: string): void | Promise<void> {
    // A schema may take its time.
    if (this.#isOver) return
    if (checked.problem === undefined) return this.#deliver(type, checked.data, id)
    this.report(toError(dataInvalid, { type, reason: checked.problem, id }))
    this.#progress.done(this.#progress.begin(id))
  }

  /** Hands one event to the handlers of its type, those of all events, and the iterations. */
  #deliver(type: string, data: unknown, id: string): void | Promise<void> {
    const event = { type, data, id } as StreamEvent<Events>
    const step = this.#progress.begin(id, event)
    const work = [this.#call(type, event)]
    const rooms: (void | Promise<void>)[] = []
    if (type === GAP || !type.startsWith(CONTROL)) {
      work.push(this.#call('*', event))
      for (const queue of this.#queues) rooms.push(queue.push(event, step))
    }
    if (![...work, ...rooms].some((each) => each !== undefined)) return this.#progress.done(step)
    return this.#wait(work, rooms, event.type).then(() => this.#progress.done(step))
  }

  #call(name: string, event: StreamEvent<Events>): void | Promise<unknown> {
    const { type, data } = event
    return this.events.call(name, [data, event], (thrown) => {
      this.report(toHandlerError(type, thrown))
    })
  }

  async #wait(work: readonly unknown[], rooms: readonly unknown[], type: string): Promise<void> {
    const { clock, handlerMs: ms } = this.#options
    const late = (): void => this.report(toError(handlerStuck, { type, ms }))
    if (ms > 0) this.#late = clock.setTimer(late, ms)
    // However late: the place comes after it.
    await Promise.all(work)
    clock.clearTimer(this.#late)
    // A loop that takes its time is what the bound of its queue is for.
    await Promise.all(rooms)
  }
}

/** A hub's heartbeat as an event, not an event of the application that has the same name. */
function isHeartbeat(data: string): boolean {
  return data.includes('"HEARTBEAT"')
}
