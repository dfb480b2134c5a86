import { toError } from './errors.ts'
import type { Exchange } from './exchange.ts'

/** What a GraphQL request asks for. */
export interface OperationParams {
  readonly query: string
  readonly operationName?: string | null | undefined
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined
}

/** Parameters as they came: `query` may still be missing where a hook knows it by other means. */
export type RequestParams = Omit<OperationParams, 'query'> & {
  readonly query?: string | undefined
}

/**
 * Reads the parameters of a GET or POST request.
 *
 * @throws HeartlineError `HL_GRAPHQL_CONTENT_TYPE_INVALID`, `_BODY_TOO_LARGE`, `_BODY_INVALID`,
 *   `_PARAM_INVALID`
 */
export async function readParams(
  exchange: Exchange<unknown>,
  maxBytes: number,
): Promise<RequestParams> {
  if (exchange.method !== 'POST') return checkParams(fromQuery(exchange.query))
  checkContentType(exchange.header('content-type'))
  return checkParams(toObject(await exchange.body(maxBytes)))
}

function fromQuery(query: URLSearchParams): Record<string, unknown> {
  const text = (name: string): string | undefined => query.get(name) ?? undefined
  return {
    query: text('query'),
    operationName: text('operationName'),
    variables: parseMember('variables', text('variables')),
    extensions: parseMember('extensions', text('extensions')),
  }
}

function parseMember(param: string, text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw toError('paramInvalid', { param, problem: 'is not JSON' })
  }
}

/** A page of another origin may send `text/plain` without being asked first: only JSON is read. */
function checkContentType(contentType: string | undefined): void {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';')
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith('charset='))
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset)
  if (type.trim() === 'application/json' && isUtf8) return
  throw toError('contentTypeInvalid', { contentType: contentType?.slice(0, 100) ?? '' })
}

const BYTE_ORDER_MARK = '\uFEFF'

function toObject(body: unknown): Record<string, unknown> {
  const value = typeof body === 'string' ? parseBody(body) : body
  if (isObject(value)) return value
  throw toError('bodyInvalid')
}

function parseBody(text: string): unknown {
  try {
    // Some writers of JSON put the mark of their byte order before it; readers may skip it (RFC 8259).
    return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text)
  } catch {
    throw toError('bodyInvalid')
  }
}

/** @throws HeartlineError `HL_GRAPHQL_PARAM_INVALID` */
function checkParams(given: Readonly<Record<string, unknown>>): RequestParams {
  const { query, operationName, variables, extensions } = given
  if (query !== undefined && query !== null && typeof query !== 'string') {
    throw toError('paramInvalid', { param: 'query', problem: 'is not a string' })
  }
  if (!isAbsent(operationName) && typeof operationName !== 'string') {
    throw toError('paramInvalid', { param: 'operationName', problem: 'is not a string' })
  }
  return {
    query: query ?? undefined,
    operationName: (operationName ?? undefined) as string | undefined,
    variables: toMap('variables', variables),
    extensions: toMap('extensions', extensions),
  }
}

/** @throws HeartlineError `HL_GRAPHQL_PARAM_INVALID` */
export function requireQuery(params: RequestParams): OperationParams {
  const { query } = params
  if (query === undefined || query === '') {
    throw toError('paramInvalid', { param: 'query', problem: 'is missing' })
  }
  return { ...params, query }
}

function toMap(param: string, value: unknown): Record<string, unknown> | undefined {
  if (isAbsent(value)) return undefined
  if (isObject(value)) return value
  throw toError('paramInvalid', { param, problem: 'is not an object' })
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
