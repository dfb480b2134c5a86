/** The name of the lock that says that a tab or a worker is there. */
export function memberLock(name: string, member: string): string {
  return `${name}/${member}`
}

/** Holds a lock, as soon as it is free, until the signal. Resolves when it is held. */
export function hold(name: string, signal: AbortSignal): Promise<void> {
  // Only pages without TLS have none.
  if (!('locks' in navigator)) return Promise.resolve()
  return new Promise((resolve) => {
    const held = navigator.locks.request(name, { signal }, () => {
      resolve()
      if (signal.aborted) return undefined
      return new Promise<void>((release) => {
        signal.addEventListener('abort', () => release(), { once: true })
      })
    })
    // What it rejects with is the signal.
    held.catch(() => {})
  })
}

/**
 * Resolves when a tab or worker that was there is gone: the browser frees its lock, however it
 * ended. Never, where there are no locks. Rejects with the signal.
 */
export async function gone(name: string, member: string, signal: AbortSignal): Promise<void> {
  if (!('locks' in navigator)) return new Promise(() => {})
  await navigator.locks.request(memberLock(name, member), { signal }, () => {})
}
