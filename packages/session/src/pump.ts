import { HeartlineError, type EventFields } from '@heartline/wire'
import type { EndReason, SessionEnd } from './end-reason.ts'
import { sessionErrors } from './errors.ts'
import { nextTurn } from './next-turn.ts'

/** A source of events; a string is an event with that data. */
export type EventSourceLike = AsyncIterable<EventFields | string> | Iterable<EventFields | string>

export interface StreamOptions {
  /** Type of the events made from strings. Default: none, which readers see as `message`. */
  readonly type?: string | undefined
  /** Close the session with `finished` when the source is done. Default false. */
  readonly closeWhenDone?: boolean | undefined
}

export interface StreamResult {
  /** Events handed to the session. */
  readonly written: number
  /** `done`: the source has no more. `over`: the session ended first. `failed`: the source threw. */
  readonly outcome: 'done' | 'over' | 'failed'
  /** How the session ended; undefined while it is open. */
  readonly end: SessionEnd | undefined
  /** What the source threw, or why one of its events could not be sent. */
  readonly error?: unknown
}

/** Told at once, and once, that the session is over. */
export interface EndWatcher {
  onOver(): void
}

/** The part of a session that a pump uses. */
export interface PumpTarget {
  readonly isOpen: boolean
  readonly isBlocked: boolean
  readonly end: SessionEnd | undefined
  send(event: EventFields): unknown
  ready(): Promise<boolean>
  close(reason: EndReason, options?: { error?: unknown }): void
  watchEnd(watcher: EndWatcher): void
  unwatchEnd(watcher: EndWatcher): void
}

/** Events sent without letting others run: a source that always has one would starve them. */
const BURST = 256

type BothWays = AsyncIterable<EventFields | string> & Iterable<EventFields | string>
type Iteration = AsyncIterator<EventFields | string> | Iterator<EventFields | string>

/** Carries a source into a session. See `Session.stream`. */
export function pump(
  target: PumpTarget,
  source: EventSourceLike,
  options: StreamOptions,
): Promise<StreamResult> {
  const iterator = open(source)
  return new Promise((resolve) => new Pump(target, iterator, { ...options, resolve }).start())
}

function open(source: EventSourceLike): Iteration {
  const given: unknown = source
  if (typeof given === 'object' && given !== null) {
    const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = given as Partial<BothWays>
    if (typeof later === 'function') return later.call(source)
    if (typeof now === 'function') return now.call(source)
  }
  throw new HeartlineError(sessionErrors.sourceInvalid, {
    given: given === null ? 'null' : typeof given,
  })
}

class Pump implements EndWatcher {
  readonly #target: PumpTarget
  readonly #iterator: Iteration
  readonly #options: StreamOptions
  readonly #resolve: (result: StreamResult) => void
  #written = 0
  #stopped = false

  constructor(
    target: PumpTarget,
    iterator: Iteration,
    options: StreamOptions & { resolve: (result: StreamResult) => void },
  ) {
    this.#target = target
    this.#iterator = iterator
    this.#options = options
    this.#resolve = options.resolve
  }

  start(): void {
    if (!this.#target.isOpen) return this.onOver()
    this.#target.watchEnd(this)
    this.#run().catch((error: unknown) => this.#fail(error))
  }

  /** The session ended: the source must know now, even while it thinks about its next event. */
  onOver(): void {
    this.#settle('over')
    this.#leave()
  }

  async #run(): Promise<void> {
    for (;;) {
      if (this.#written % BURST === BURST - 1) await nextTurn()
      while (this.#target.isBlocked) await this.#target.ready()
      if (this.#stopped) return
      const next = await this.#iterator.next()
      if (this.#stopped) return
      if (next.done === true) return this.#done()
      this.#send(next.value)
    }
  }

  #send(item: EventFields | string): void {
    const { type } = this.#options
    try {
      this.#target.send(typeof item === 'string' ? { type, data: item } : item)
    } catch (error) {
      this.#leave()
      throw error
    }
    this.#written++
  }

  #done(): void {
    this.#settle('done', undefined, this.#options.closeWhenDone === true ? 'finished' : undefined)
  }

  #fail(error: unknown): void {
    if (!this.#stopped) this.#settle('failed', error, 'handler-error')
  }

  #settle(outcome: StreamResult['outcome'], error?: unknown, close?: EndReason): void {
    this.#stopped = true
    this.#target.unwatchEnd(this)
    if (close !== undefined) this.#target.close(close, { error })
    const { end } = this.#target
    const result = { written: this.#written, outcome, end }
    this.#resolve(error === undefined ? result : { ...result, error })
  }

  /** Lets the source clean up. It may answer late, never or with an error: nobody waits for it. */
  #leave(): void {
    try {
      Promise.resolve(this.#iterator.return?.()).catch(() => undefined)
    } catch {
      // A source that fails while it cleans up has nobody left to tell.
    }
  }
}
