import { HeartlineError, type ErrorCatalogue, type ErrorDetails } from '@heartline/wire'

export type ReactErrorName = 'noSource' | 'providerOptions' | 'topicUntold' | 'limitInvalid'

/** Everything that the hooks throw. */
export const reactErrors: ErrorCatalogue<ReactErrorName> = {
  noSource: {
    code: 'HL_REACT_NO_SOURCE',
    message: '{hook} has no stream. Put a HeartlineProvider above it, or give it a client.',
    fault: 'caller',
    status: 500,
    retryable: false,
  },
  providerOptions: {
    code: 'HL_REACT_PROVIDER_OPTIONS',
    message: 'A HeartlineProvider takes either client or options; it was given {given}.',
    fault: 'caller',
    status: 500,
    retryable: false,
  },
  topicUntold: {
    code: 'HL_REACT_TOPIC_UNTOLD',
    message:
      'The events of a client that was given do not tell that they are of {topics}. Give the provider topicOf, or options in place of the client.',
    fault: 'caller',
    status: 500,
    retryable: false,
  },
  limitInvalid: {
    code: 'HL_REACT_LIMIT_INVALID',
    message: 'The limit of a hook is {given}; it must be a whole number of events, 0 or more.',
    fault: 'caller',
    status: 500,
    retryable: false,
  },
}

/** An error of the catalogue. */
export function toError(name: ReactErrorName, details: ErrorDetails): HeartlineError {
  return new HeartlineError(reactErrors[name], details)
}
