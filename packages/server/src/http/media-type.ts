/** `application/json; charset=utf-8` as type and charset, in lower case. */
export function parseMediaType(value: string | undefined): { type: string; charset?: string } {
  // What nearly all publishers send.
  if (value === 'application/json') return { type: value }
  const [type = '', ...parameters] = (value ?? '').toLowerCase().split(';')
  for (const parameter of parameters) {
    const [, charset] = /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/.exec(parameter) ?? []
    if (charset !== undefined) return { type: type.trim(), charset }
  }
  return { type: type.trim() }
}

/** Whether an Accept header (RFC 9110, 12.5.1) allows a type. A missing one allows all. */
export function accepts(header: string | undefined, type: string): boolean {
  if (header === undefined) return true
  const [group = ''] = type.split('/')
  const rank = (range: string): number => ['*/*', `${group}/*`, type].indexOf(range)
  let best = -1
  let isAllowed = false
  for (const item of header.toLowerCase().split(',')) {
    const [range = '', ...parameters] = item.split(';').map((part) => part.trim())
    if (rank(range) <= best) continue
    best = rank(range)
    isAllowed = !parameters.some((parameter) => /^q\s*=\s*0(\.0*)?$/.test(parameter))
  }
  return isAllowed
}
