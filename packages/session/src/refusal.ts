import { HeartlineError } from '@heartline/wire'
import { sessionErrors } from './errors.ts'

/** An answer to a request that gets no stream. */
export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** A problem document (RFC 9457). */
  readonly body: string
}

/**
 * The answer to what `stream` rejected with, for servers that have no error path of their own. What
 * is no `HeartlineError` is told as `HL_HANDLER_FAILED` and nothing else: it may hold secrets.
 */
export function toRefusal(error: unknown): Refusal {
  const known = error instanceof HeartlineError ? error : failed(error)
  const { code, message, retryable } = known
  const status = known.status >= 400 && known.status <= 599 ? known.status : 500
  const title = code.slice('HL_'.length).toLowerCase().replaceAll('_', ' ')
  const type = `urn:heartline:error:${code}`
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  }
  if (status === 405) headers['allow'] = 'GET, HEAD'
  if (status === 503) headers['retry-after'] = '2'
  const body = JSON.stringify({ type, title, status, detail: message, code, retryable })
  return { status, headers, body }
}

function failed(cause: unknown): HeartlineError {
  return new HeartlineError(sessionErrors.handlerFailed, {}, cause)
}
