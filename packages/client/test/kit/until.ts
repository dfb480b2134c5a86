const LIMIT_MS = 20_000

/** Waits, generously, until a condition holds. */
export async function until(holds: () => unknown, what = 'the condition holds'): Promise<void> {
  const startedAt = performance.now()
  while (!holds()) {
    if (performance.now() - startedAt > LIMIT_MS) throw new Error(`In vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Lets everything that is under way arrive. */
export function settle(ms = 50): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
