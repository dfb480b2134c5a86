import type { HeartlineError } from '@heartline/wire'
import { handlerFailed, reasonOf, toError } from './errors.ts'

type Handler = (...values: never[]) => unknown

/** Functions by name, called in the order in which they were added. */
export class Handlers {
  readonly #byName = new Map<string, Set<Handler>>()

  /** @returns Takes it away again. */
  add(name: string, handler: Handler): () => void {
    const handlers = this.#byName.get(name) ?? new Set()
    this.#byName.set(name, handlers.add(handler))
    return () => {
      handlers.delete(handler)
    }
  }

  has(name: string): boolean {
    return (this.#byName.get(name)?.size ?? 0) > 0
  }

  /**
   * Calls all of a name. What one throws keeps nobody from being called; it goes to `onThrow`. The
   * promise, if there is one, resolves when all are done. It never rejects.
   */
  call(
    name: string,
    values: readonly unknown[],
    onThrow: (thrown: unknown) => void,
  ): void | Promise<unknown> {
    let waiting: Promise<unknown> | undefined
    // A copy: a handler may take itself away.
    for (const handler of Array.from(this.#byName.get(name) ?? [])) {
      try {
        const result = handler(...(values as never[]))
        if (!isPromise(result)) continue
        const settled = result.then(undefined, onThrow)
        waiting = waiting === undefined ? settled : Promise.all([waiting, settled])
      } catch (thrown) {
        onThrow(thrown)
      }
    }
    return waiting
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | undefined)?.then === 'function'
}

/** The error for what a handler threw. */
export function toHandlerError(type: string, thrown: unknown): HeartlineError {
  return toError(handlerFailed, { type, reason: reasonOf(thrown) }, thrown)
}
