/** Splits a request target into path and query. `*` and absolute forms (RFC 9112, 3.2) included. */
export function splitTarget(target: string): { path: string; query: string } {
  const origin = target.startsWith('/') || target === '*' ? target : fromAbsolute(target)
  const mark = origin.indexOf('?')
  if (mark < 0) return { path: origin, query: '' }
  return { path: origin.slice(0, mark), query: origin.slice(mark + 1) }
}

function fromAbsolute(target: string): string {
  if (!URL.canParse(target)) return ''
  const url = new URL(target)
  return `${url.pathname}${url.search}`
}
