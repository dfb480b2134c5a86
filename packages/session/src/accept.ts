const STREAM_RANGES = ['text/event-stream', 'text/*', '*/*']

/**
 * Whether a request takes a stream of events (RFC 9110, 12.5.1): by the most specific range of its
 * header `Accept` that covers `text/event-stream`. True without the header. What cannot be read as
 * a weight counts as 1.
 */
export function acceptsEventStream(accept: string | null | undefined): boolean {
  if (accept === undefined || accept === null || accept.trim() === '') return true
  const weights = new Map<string, number>()
  for (const part of accept.split(',')) {
    const [range = '', ...parameters] = part.split(';')
    const name = range.trim().toLowerCase()
    weights.set(name, Math.max(weights.get(name) ?? 0, weightOf(parameters)))
  }
  const most = STREAM_RANGES.find((range) => weights.has(range))
  return most !== undefined && weights.get(most) !== 0
}

function weightOf(parameters: readonly string[]): number {
  const given = parameters.map((text) => /^\s*q\s*=\s*([\d.]+)\s*$/i.exec(text)?.[1]).find(Boolean)
  const weight = Number(given ?? 1)
  return Number.isNaN(weight) ? 1 : weight
}
