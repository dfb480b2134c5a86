import { invalid, type ResolvedSessionOptions } from './options.ts'

/**
 * The type has no charset: the format is always UTF-8, and Chromium and Safari refuse spellings
 * of the parameter they do not expect. `no-transform` keeps compression layers away, which hold
 * events back; `X-Accel-Buffering` keeps nginx from doing the same.
 */
const BASE = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-store, no-transform',
  'X-Accel-Buffering': 'no',
} as const

/** What a cross-origin reader may see, once a CORS layer has let it in. */
const EXPOSED = 'Heartline-Session, Heartline-Heartbeat, Heartline-Tell'

/** The server's own: a wrong value breaks framing or the stream's type. */
const RESERVED = new Set(['content-type', 'content-length', 'transfer-encoding', 'connection'])
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** A look at headers the framework has already set. */
export type HeaderLookup = (name: string) => string | undefined

/** The response headers of a session, by name. */
export function headFields(
  options: ResolvedSessionOptions,
  present: HeaderLookup = () => undefined,
): Record<string, string> {
  const fields: Record<string, string> = { ...BASE }
  fields['Heartline-Session'] = options.id
  fields['Heartline-Heartbeat'] = String(options.heartbeatMs)
  for (const [name, value] of Object.entries(options.headers)) {
    checkHeader(name, value)
    setField(fields, name, value)
  }
  exposeOurs(fields, present)
  return fields
}

/** Refuses what would split the head (CR, LF) or is not the caller's to set. */
function checkHeader(name: string, value: string): void {
  if (!NAME.test(name) || RESERVED.has(name.toLowerCase())) {
    throw invalid('headers', name, 'names of headers that are not about framing or type')
  }
  if (typeof value !== 'string' || !VALUE.test(value)) {
    throw invalid('headers', value, 'values without control characters')
  }
}

/** Replaces a field whatever its case, so that none is sent twice. */
function setField(fields: Record<string, string>, name: string, value: string): void {
  fields[keyOf(fields, name) ?? name] = value
}

function keyOf(fields: Record<string, string>, name: string): string | undefined {
  const lower = name.toLowerCase()
  return Object.keys(fields).find((key) => key.toLowerCase() === lower)
}

function exposeOurs(fields: Record<string, string>, present: HeaderLookup): void {
  exposeIn({
    get: (name) => {
      const key = keyOf(fields, name)
      return key === undefined ? present(name) : fields[key]
    },
    set: (name, value) => setField(fields, name, value),
  })
}

/** Headers that a framework has set, and adds to whatever response it is given. */
export interface HeaderBag {
  get(name: string): string | null | undefined
  set(name: string, value: string): unknown
}

/** Lets a cross-origin reader see our headers, where a CORS layer has let it in. */
export function exposeIn(headers: HeaderBag): void {
  if ((headers.get('access-control-allow-origin') ?? undefined) === undefined) return
  const others = headers.get('access-control-expose-headers') ?? ''
  headers.set('Access-Control-Expose-Headers', others === '' ? EXPOSED : `${others}, ${EXPOSED}`)
}
