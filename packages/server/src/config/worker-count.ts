/** More would only wait for each other. */
export const MAX_WORKERS = 256

/** Reads a number of workers, or `auto` (0). Undefined when it is neither. */
export function parseWorkerCount(given: string | number): number | undefined {
  if (given === 'auto') return 0
  const count = typeof given === 'string' && !/^\d{1,3}$/.test(given) ? Number.NaN : Number(given)
  return Number.isSafeInteger(count) && count >= 0 && count <= MAX_WORKERS ? count : undefined
}
