/** How an answer may be written. */
export type MediaType =
  | 'text/event-stream'
  | 'application/graphql-response+json'
  | 'application/json'

interface Range {
  readonly type: string
  readonly quality: number
}

/** A header can be as long as the server lets it: what comes after so many ranges is not read. */
const MAX_RANGES = 64
const JSON_TYPES = ['application/graphql-response+json', 'application/json'] as const

/**
 * What to answer with. `text/event-stream` only when it is named, and no JSON is liked better: a
 * wildcard is what every tool sends that does not care. Undefined when nothing fits.
 */
export function negotiate(accept: string | undefined): MediaType | undefined {
  const ranges = rangesOf(accept)
  const json = JSON_TYPES.map((type) => ({ type, quality: qualityOf(ranges, type) }))
  const named = json.map(({ type }) => (isNamed(ranges, type) ? qualityOf(ranges, type) : 0))
  const stream = isNamed(ranges, 'text/event-stream') ? qualityOf(ranges, 'text/event-stream') : 0
  if (stream > 0 && stream >= Math.max(...named)) return 'text/event-stream'
  // The older type for whoever takes anything: every client can read it.
  if (Math.max(...named) === 0) return anyOf(ranges, 'application/json', 'text/event-stream')
  return json.reduce((best, one) => (one.quality > best.quality ? one : best)).type
}

function anyOf<Type extends string>(
  ranges: readonly Range[],
  ...types: readonly Type[]
): Type | undefined {
  return types.find((type) => qualityOf(ranges, type) > 0)
}

function rangesOf(accept: string | undefined): Range[] {
  if (accept === undefined || accept.trim() === '') return [{ type: '*/*', quality: 1 }]
  return accept.split(',', MAX_RANGES).map((text) => {
    const [type = '', ...parameters] = text.split(';')
    const quality = parameters.map((one) => one.trim()).find((one) => /^q=/i.test(one))
    return { type: type.trim().toLowerCase(), quality: toQuality(quality?.slice(2)) }
  })
}

function toQuality(text: string | undefined): number {
  if (text === undefined) return 1
  const value = Number(text)
  return value >= 0 && value <= 1 ? value : 0
}

/** The most specific range decides (RFC 9110, 12.5.1). */
function qualityOf(ranges: readonly Range[], type: string): number {
  const family = `${type.slice(0, type.indexOf('/'))}/*`
  for (const name of [type, family, '*/*']) {
    const range = ranges.find((one) => one.type === name)
    if (range !== undefined) return range.quality
  }
  return 0
}

function isNamed(ranges: readonly Range[], type: string): boolean {
  return ranges.some((range) => range.type === type)
}
