import { HeartlineError } from '@heartline/wire'
import { hubErrors } from './errors.ts'

/** The media type of a problem document. */
export const PROBLEM_TYPE = 'application/problem+json'

/** An RFC 9457 problem document. `code` is stable, `detail` is for people. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  /** True when the same request may succeed later. */
  readonly retryable: boolean
  /** What the sentence was filled with: `position`, `line`, `index`, `maxBytes`, ... */
  readonly [detail: string]: string | number | boolean
}

/** Values that a client sent come back shortened: an answer is no echo of a megabyte. */
const MAX_DETAIL_LENGTH = 300

/**
 * Turns whatever was thrown into a problem. What is no `HeartlineError` is told as `HL_INTERNAL` and
 * nothing else: it may hold secrets.
 */
export function toProblem(error: unknown): Problem {
  const known = error instanceof HeartlineError ? error : new HeartlineError(hubErrors.internal)
  const status = isHttpError(known.status) ? known.status : 500
  return {
    ...shortDetails(known.details),
    type: `urn:heartline:error:${known.code}`,
    title: known.code.slice('HL_'.length).toLowerCase().replaceAll('_', ' '),
    status,
    detail: shorten(known.message, MAX_DETAIL_LENGTH * 2),
    code: known.code,
    retryable: known.retryable,
  }
}

function isHttpError(status: number): boolean {
  return Number.isInteger(status) && status >= 400 && status <= 599
}

function shortDetails(
  details: HeartlineError['details'],
): Record<string, string | number | boolean> {
  const short: Record<string, string | number | boolean> = {}
  for (const [name, value] of Object.entries(details)) {
    if (value === undefined) continue
    short[name] = typeof value === 'string' ? shorten(value, MAX_DETAIL_LENGTH) : value
  }
  return short
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
