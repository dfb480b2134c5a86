/** The value that the share `share` (0 to 1) of the values does not exceed. NaN when there is none. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}
