import { GAP, type EventMap, type Gap, type StreamEvent } from './event.ts'
import { resolveNumbers } from './numbers.ts'
import type { Progress, Step } from './progress.ts'

/** How an iteration over events is bounded. */
export interface QueueOptions {
  /** The most events that wait for the loop. Default 256; 0 is taken for 1. */
  readonly limit?: number | undefined
  /**
   * When as many wait. `pause` (default): the stream is not read on, and the server sees a slow
   * reader. `drop-oldest`: the oldest are left out, and a `heartline.gap` says so.
   */
  readonly overflow?: 'pause' | 'drop-oldest' | undefined
}

interface Entry<Events extends EventMap> {
  readonly event: StreamEvent<Events>
  readonly step: Step | undefined
}

type Result<Events extends EventMap> = IteratorResult<StreamEvent<Events>, undefined>

const DEFAULTS = { limit: 256 }

/** A bounded queue in front of a `for await` loop. An event counts as handled with the next turn. */
export class EventQueue<Events extends EventMap> implements AsyncIterableIterator<
  StreamEvent<Events>
> {
  readonly #limit: number
  readonly #drops: boolean
  readonly #progress: Progress
  readonly #onReturn: () => void
  #entries: Entry<Events>[] = []
  #gap: Gap | undefined
  #current: Step | undefined
  #readers: ((result: Result<Events>) => void)[] = []
  #onRoom: (() => void) | undefined
  #isOver = false

  constructor(options: QueueOptions, progress: Progress, onReturn: () => void) {
    this.#limit = resolveNumbers(DEFAULTS, options).limit || 1
    this.#drops = options.overflow === 'drop-oldest'
    this.#progress = progress
    this.#onReturn = onReturn
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Adds an event. The promise, if there is one, is resolved when there is room again. */
  push(event: StreamEvent<Events>, step: Step): void | Promise<void> {
    if (this.#isOver) return
    step.waiting++
    const reader = this.#readers.shift()
    if (reader !== undefined) {
      // Whoever asked for two at once is done with the first when the second comes.
      this.#finishCurrent()
      this.#current = step
      reader({ value: event, done: false })
      return
    }
    if (this.#drops && this.#entries.length >= this.#limit) this.#dropOldest()
    this.#entries.push({ event, step })
    if (this.#drops || this.#entries.length < this.#limit) return
    return new Promise((resolve) => {
      this.#onRoom = resolve
    })
  }

  next(): Promise<Result<Events>> {
    this.#finishCurrent()
    const entry = this.#shift()
    if (entry !== undefined) {
      this.#current = entry.step
      this.#onRoom?.()
      return Promise.resolve({ value: entry.event, done: false })
    }
    if (this.#isOver) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve) => this.#readers.push(resolve))
  }

  /**
   * The loop was left. What waits in the queue is let go; after the end of the client it stays
   * unhandled, so that the next one reads it again.
   */
  return(): Promise<Result<Events>> {
    const left = this.#isOver ? [] : this.#entries
    this.#entries = []
    this.end()
    this.#onReturn()
    this.#finishCurrent()
    for (const { step } of left) if (step !== undefined) this.#progress.done(step)
    return Promise.resolve({ value: undefined, done: true })
  }

  /** No more events come. Those that wait can still be read. */
  end(): void {
    this.#isOver = true
    this.#onRoom?.()
    for (const reader of this.#readers.splice(0)) reader({ value: undefined, done: true })
  }

  #finishCurrent(): void {
    const current = this.#current
    this.#current = undefined
    if (current !== undefined) this.#progress.done(current)
  }

  #shift(): Entry<Events> | undefined {
    const gap = this.#gap
    if (gap === undefined) return this.#entries.shift()
    this.#gap = undefined
    return { event: { type: GAP, data: gap, id: gap.to ?? '' }, step: undefined }
  }

  #dropOldest(): void {
    const { event, step } = this.#entries.shift() as Entry<Events>
    const { from = event.id, dropped = 0 } = this.#gap ?? {}
    this.#gap = { reason: 'overflow', from, to: event.id, dropped: dropped + 1 }
    if (step !== undefined) this.#progress.done(step)
  }
}
