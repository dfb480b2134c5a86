import type { EventDefinition } from './define-events.ts'
import { checkLater, type CheckedEvent, type UncheckedEvent } from './to-event.ts'

/** A source that `for await` takes. */
export type SourceOf<Event> = AsyncIterable<Event> | Iterable<Event>

/** Whether it is one for sessions, which take no text apart. */
export function isSource(given: unknown): given is SourceOf<unknown> {
  if (typeof given !== 'object' || given === null) return false
  return (
    isAsync(given as SourceOf<unknown>) || typeof Reflect.get(given, Symbol.iterator) === 'function'
  )
}

function isAsync<Event>(source: SourceOf<Event>): source is AsyncIterable<Event> {
  return typeof Reflect.get(source, Symbol.asyncIterator) === 'function'
}

type AnyIterator = Iterator<UncheckedEvent> | AsyncIterator<UncheckedEvent>

/**
 * The events of a source, checked one by one. No generator: that would not pass `return()` on while
 * its source is stuck in `next()`, and who reads has gone by then.
 */
export class TypedSource implements AsyncIterableIterator<CheckedEvent> {
  readonly #definition: EventDefinition
  readonly #source: AnyIterator

  constructor(definition: EventDefinition, source: SourceOf<UncheckedEvent>) {
    this.#definition = definition
    this.#source = isAsync(source) ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  }

  async next(): Promise<IteratorResult<CheckedEvent, undefined>> {
    const { value, done } = await this.#source.next()
    if (done === true) return { done, value: undefined }
    try {
      return { done: false, value: await checkLater(this.#definition, value as UncheckedEvent) }
    } catch (error) {
      // A consumer does not end a source whose `next()` failed, and this one did not.
      await this.return()
      throw error
    }
  }

  async return(): Promise<IteratorResult<CheckedEvent, undefined>> {
    await this.#source.return?.()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
