import { HeartlineError } from '@heartline/wire'
import type { Components } from './components.ts'
import { openApiErrors } from './errors.ts'
import type { JsonObject } from './options.ts'

const DEFAULT_ERRORS = [401, 403, 406, 503]

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request is not valid.',
  401: 'It is not known who asks.',
  403: 'Who asks may not read this.',
  404: 'There is no such stream.',
  406: 'The request does not take text/event-stream.',
  429: 'Too many requests. Come back later.',
  503: 'Not now. Come back later.',
}

const PROBLEM: JsonObject = {
  title: 'Problem',
  description: 'A problem document (RFC 9457).',
  type: 'object',
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string' },
    code: { type: 'string', description: 'Stable: what programs decide by.' },
    retryable: { type: 'boolean' },
  },
  required: ['title', 'status'],
}

/** Adds the schema of problem documents. */
export function addProblem(components: Components): JsonObject {
  return components.add('Problem', PROBLEM)
}

/**
 * The responses of requests that get no stream.
 *
 * @throws HeartlineError `HL_OPENAPI_STATUS_INVALID`
 */
export function problemResponses(
  statuses: readonly number[] = DEFAULT_ERRORS,
  problem: JsonObject,
): Record<string, JsonObject> {
  const entries = statuses.map((status) => [String(status), problemResponse(status, problem)])
  return Object.fromEntries(entries) as Record<string, JsonObject>
}

function problemResponse(status: number, problem: JsonObject): JsonObject {
  if (!Number.isInteger(status) || status < 400 || status > 599) {
    throw new HeartlineError(openApiErrors.statusInvalid, { status: String(status) })
  }
  const description = TITLES[status] ?? 'The request gets no stream.'
  const content = { 'application/problem+json': { schema: problem } }
  if (status !== 503 && status !== 429) return { description, content }
  const schema = { type: 'integer', minimum: 0 }
  return { description, headers: { 'Retry-After': { description: 'Seconds.', schema } }, content }
}
