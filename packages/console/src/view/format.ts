const whole = new Intl.NumberFormat('en')
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** `12,345`, and `1.2M` from a million on. */
export function formatCount(count: number): string {
  return count < 1e6 ? whole.format(count) : short.format(count)
}

/** `0`, `0.3`, `12`, `1.2K`. */
export function formatRate(rate: number): string {
  if (rate < 9.95) return rate.toFixed(1).replace(/\.0$/, '')
  return rate < 1_000 ? String(Math.round(rate)) : short.format(rate)
}

/** `14:03:07.042` in local time. */
export function formatTime(ms: number): string {
  const at = new Date(ms)
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => pad(part))
  return `${clock.join(':')}.${pad(at.getMilliseconds(), 3)}`
}

/** `4 s`, `3 min`, `2 h`, `5 d`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 100) return `${seconds} s`
  if (seconds < 6_000) return `${Math.floor(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** `980 B`, `12 KB`, `3.4 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  if (bytes < 1e6) return `${Math.round(bytes / 1_000)} KB`
  return `${(bytes / 1e6).toFixed(1)} MB`
}
