import { HeartlineError, type ErrorCatalogue } from '@heartline/wire'
import { reasonOf } from '../errors.ts'

export type CacheErrorName = 'cacheFailed' | 'cacheOptionInvalid'

/** Everything that a cache throws or reports beside what the client does. */
export const cacheErrors: ErrorCatalogue<CacheErrorName> = {
  cacheFailed: {
    code: 'HL_CLIENT_CACHE_FAILED',
    message:
      'The cache could not be {act}: {reason}. The values of this page or process are served.',
    fault: 'caller',
    status: 503,
    retryable: true,
  },
  cacheOptionInvalid: {
    code: 'HL_CLIENT_CACHE_OPTION_INVALID',
    message: 'The option {option} of a cache is {given}; it must be a whole number above 0.',
    fault: 'caller',
    status: 400,
    retryable: false,
  },
}

/** The error for what a store of values threw. */
export function toCacheFailure(act: 'read' | 'written', thrown: unknown): HeartlineError {
  return new HeartlineError(cacheErrors.cacheFailed, { act, reason: reasonOf(thrown) }, thrown)
}
