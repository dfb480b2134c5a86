import type { SessionEnd } from './end-reason.ts'
import { reportError, type MonitoredSession, type SessionMonitor } from './monitor.ts'
import type { EndWatcher } from './pump.ts'

/** Gives back what a session needed. Its promise is not waited for, but its error is reported. */
export type Cleanup = (end: SessionEnd) => unknown

/** The part of a session that cleaning up uses. */
export interface CleanupTarget extends MonitoredSession {
  readonly end: SessionEnd | undefined
  watchEnd(watcher: EndWatcher): void
  unwatchEnd(watcher: EndWatcher): void
}

const stacks = new WeakMap<CleanupTarget, CleanupStack>()

/** See `Session.onCleanup`. */
export function addCleanup(
  session: CleanupTarget,
  cleanup: Cleanup,
  monitor: SessionMonitor | undefined,
): () => void {
  const stack = stacks.get(session) ?? new CleanupStack(session, monitor)
  stacks.set(session, stack)
  return stack.add(cleanup)
}

/** All clean-ups of one session. */
class CleanupStack implements EndWatcher {
  readonly #session: CleanupTarget
  readonly #monitor: SessionMonitor | undefined
  readonly #cleanups = new Set<{ readonly run: Cleanup }>()

  constructor(session: CleanupTarget, monitor: SessionMonitor | undefined) {
    this.#session = session
    this.#monitor = monitor
    if (session.end === undefined) session.watchEnd(this)
  }

  add(run: Cleanup): () => void {
    const entry = { run }
    this.#cleanups.add(entry)
    if (this.#session.end !== undefined) queueMicrotask(() => this.onOver())
    return () => void this.#cleanups.delete(entry)
  }

  onOver(): void {
    const { end } = this.#session
    if (end === undefined) return
    for (const entry of [...this.#cleanups].reverse()) {
      // Another one may have taken it back.
      if (this.#cleanups.delete(entry)) this.#run(entry.run, end)
    }
  }

  #run(cleanup: Cleanup, end: SessionEnd): void {
    const report = (error: unknown): void => reportError(error, this.#session, this.#monitor)
    try {
      Promise.resolve(cleanup(end)).catch(report)
    } catch (error) {
      report(error)
    }
  }
}
