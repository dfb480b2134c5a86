import { HeartlineError } from '@heartline/wire'
import type { SessionEnd } from './end-reason.ts'
import { sessionErrors } from './errors.ts'
import type { EndWatcher } from './pump.ts'

/** Those who wait for something of a session, besides its observer. Most sessions have none. */
export class Onlookers {
  #waiters: ((open: boolean) => void)[] = []
  readonly #watchers = new Set<EndWatcher>()
  #controller: AbortController | undefined = undefined
  #closed: Promise<SessionEnd> | undefined = undefined
  #resolveClosed: ((end: SessionEnd) => void) | undefined = undefined

  /** @param end Undefined while the session is open. */
  signal(end: SessionEnd | undefined): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (end !== undefined) abort(this.#controller, end)
    }
    return this.#controller.signal
  }

  /** @param end Undefined while the session is open. */
  closed(end: SessionEnd | undefined): Promise<SessionEnd> {
    this.#closed ??=
      end === undefined
        ? new Promise((resolve) => (this.#resolveClosed = resolve))
        : Promise.resolve(end)
    return this.#closed
  }

  ready(): Promise<boolean> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  watch(watcher: EndWatcher): void {
    this.#watchers.add(watcher)
  }

  unwatch(watcher: EndWatcher): void {
    this.#watchers.delete(watcher)
  }

  /** The session may be written to, or is over. */
  wake(open: boolean): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const resolve of waiters) resolve(open)
  }

  over(end: SessionEnd): void {
    this.wake(false)
    this.#resolveClosed?.(end)
    if (this.#controller !== undefined) abort(this.#controller, end)
    for (const watcher of this.#watchers) watcher.onOver()
  }
}

function abort(controller: AbortController, end: SessionEnd): void {
  controller.abort(
    new HeartlineError(sessionErrors.sessionEnded, { reason: end.reason }, end.error),
  )
}
