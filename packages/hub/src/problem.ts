import { HeartlineError } from '@heartline/wire'

/** An RFC 9457 problem document with a stable `code`. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly [extension: string]: string | number | boolean
}

/** What a caller is told of an error. What is not ours is not told: it may hold secrets. */
export function toProblem(error: unknown): Problem {
  if (!(error instanceof HeartlineError)) {
    return {
      type: 'about:blank',
      title: 'Internal error',
      status: 500,
      detail: 'The request failed for a reason that is in the server log.',
      code: 'HL_INTERNAL',
    }
  }
  const { code, status, message, details } = error
  const index = details['index']
  return {
    type: `urn:heartline:error:${code}`,
    title: code.slice('HL_'.length).toLowerCase().replaceAll('_', ' '),
    status,
    detail: message,
    code,
    ...(typeof index === 'number' ? { index } : {}),
  }
}

/** The media type of a problem document. */
export const PROBLEM_TYPE = 'application/problem+json'
