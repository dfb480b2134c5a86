const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const FORM = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

/** What a duration setting takes: `500ms`, `1s`, `2m`, `1h`, `7d`, or a number of milliseconds. */
export const DURATION_PATTERN: RegExp = /^\d+(\.\d+)?(ms|s|m|h|d)?$/

/** Reads a duration as milliseconds. Undefined when it is not one. */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === 'number') return wholeNumber(value)
  const text = value.trim()
  if (/^\d+$/.test(text)) return wholeNumber(Number(text))
  const [, amount, unit] = FORM.exec(text) ?? []
  if (amount === undefined || unit === undefined) return undefined
  return wholeNumber(Number(amount) * UNITS[unit as keyof typeof UNITS])
}

/** Writes milliseconds in the largest unit that keeps it whole, e.g. `90s`. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms >= UNITS[unit] && ms % UNITS[unit] === 0) return `${ms / UNITS[unit]}${unit}`
  }
  return `${ms}ms`
}

function wholeNumber(value: number): number | undefined {
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
