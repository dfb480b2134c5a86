import type { OpenApiDocument } from './options.ts'

/** The part of a request of node:http or node:http2 that is used. */
export interface NodeRequestLike {
  readonly method?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** The part of a response of node:http or node:http2 that is used. */
export interface NodeResponseLike {
  statusCode: number
  hasHeader(name: string): boolean
  setHeader(name: string, value: string): unknown
  end(body?: string): unknown
}

/** Serves a description, whatever asks for it. */
export interface OpenApiRoute {
  /** For Fetch: `(request) => route.fetch(request)`. */
  fetch(this: void, request: Request): Response
  /** For node:http and what stands on it: `app.get('/openapi.json', route.node)`. */
  node(this: void, request: NodeRequestLike, response: NodeResponseLike): void
}

export interface OpenApiRouteOptions {
  /** Origins of pages that may read it; false: those that CORS allows elsewhere. Default `*`. */
  readonly allowOrigin?: string | false | undefined
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

const METHODS = 'GET, HEAD, OPTIONS'

/**
 * A route for `GET /openapi.json`. The text is made once. It is asked for again each time and sent
 * only when it is another (`ETag`). Headers that a CORS layer has set on a Node response stay.
 */
export function openApiRoute(
  document: OpenApiDocument,
  { allowOrigin = '*' }: OpenApiRouteOptions = {},
): OpenApiRoute {
  const text = JSON.stringify(document)
  const etag = `"${text.length.toString(36)}-${fingerprint(text)}"`
  const cors: Record<string, string> =
    allowOrigin === false ? {} : { 'access-control-allow-origin': allowOrigin }
  if (allowOrigin !== false && allowOrigin !== '*') cors['vary'] = 'Origin'
  const answer = (method: string, condition: string | undefined): Answer => {
    if (method === 'OPTIONS') return preflight(cors)
    if (method !== 'GET' && method !== 'HEAD') return notAllowed(method, cors)
    const headers = { ...cors, etag, 'cache-control': 'no-cache' }
    if (matches(condition, etag)) return { status: 304, headers }
    const type = { 'content-type': 'application/json', 'x-content-type-options': 'nosniff' }
    return { status: 200, headers: { ...headers, ...type }, body: method === 'GET' ? text : '' }
  }
  return {
    fetch(request) {
      const condition = request.headers.get('if-none-match') ?? undefined
      const { status, headers, body } = answer(request.method, condition)
      return new Response(body === '' ? null : (body ?? null), { status, headers })
    },
    node(request, response) {
      const { 'if-none-match': condition } = request.headers
      const one = typeof condition === 'object' ? condition.join(',') : condition
      send(response, answer(request.method ?? 'GET', one))
    },
  }
}

function send(response: NodeResponseLike, { status, headers, body = '' }: Answer): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) {
    const isTheirs = name.startsWith('access-control-') || name === 'vary'
    if (!isTheirs || !response.hasHeader(name)) response.setHeader(name, value)
  }
  response.end(body)
}

function preflight(cors: Answer['headers']): Answer {
  const allowed = {
    'access-control-allow-methods': METHODS,
    'access-control-allow-headers': 'If-None-Match, Authorization',
    'access-control-max-age': '86400',
  }
  return { status: 204, headers: { ...cors, ...allowed, allow: METHODS } }
}

function notAllowed(method: string, cors: Answer['headers']): Answer {
  const code = 'HL_METHOD_NOT_ALLOWED'
  const body = JSON.stringify({
    type: `urn:heartline:error:${code}`,
    title: 'method not allowed',
    status: 405,
    detail: `${method} was sent; allowed are ${METHODS}.`,
    code,
    retryable: false,
  })
  const type = { 'content-type': 'application/problem+json', allow: METHODS }
  return { status: 405, headers: { ...cors, ...type, 'cache-control': 'no-store' }, body }
}

/** `If-None-Match` compares weakly (RFC 9110, 13.1.2). */
function matches(condition: string | undefined, etag: string): boolean {
  if (condition === undefined) return false
  const tags = condition.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etag)
}

/** FNV-1a, twice with another start. Nobody gains from a collision with their own description. */
function fingerprint(text: string): string {
  const hash = (start: number): string => {
    let value = start
    for (let index = 0; index < text.length; index += 1) {
      value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
    }
    return (value >>> 0).toString(36)
  }
  return hash(0x811c9dc5) + hash(0x2f0b4c1d)
}
