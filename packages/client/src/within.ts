import type { Clock } from './clock.ts'
import { orAbort } from './or-abort.ts'

/**
 * Does not wait for longer than `ms`, whatever the work waits for. Its signal is aborted when nobody
 * waits any more.
 */
export async function within<Value>(
  clock: Clock,
  ms: number,
  work: (abort: AbortController) => Promise<Value>,
): Promise<Value> {
  const abort = new AbortController()
  const timer = clock.setTimer(() => abort.abort(`no answer for ${ms} ms`), ms)
  try {
    return await orAbort(abort.signal, work(abort))
  } finally {
    clock.clearTimer(timer)
    abort.abort()
  }
}
