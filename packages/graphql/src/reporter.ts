/**
 * Tells a hook of errors. One that fails while it is told, at once or later, has nobody left to tell,
 * and must not take the process down with it.
 */
export function toReporter(
  onError: ((error: unknown) => unknown) | undefined,
): (error: unknown) => void {
  return (error) => {
    try {
      Promise.resolve(onError?.(error)).catch(() => undefined)
    } catch {
      // See above.
    }
  }
}
