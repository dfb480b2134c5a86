import type { HeartlineError } from '@heartline/wire'
import { broken, network, reasonOf, toError } from './errors.ts'

/** The same as in `failure.ts` for browsers, which say nothing but that there was no answer. */
export function toFailure(url: string, thrown: unknown, wasAnswered: boolean): HeartlineError {
  return toError(wasAnswered ? broken : network, { url, reason: reasonOf(thrown) }, thrown)
}
