import type { ErrorCatalogue } from '@heartline/wire'

export type RelayErrorName = 'urlInvalid' | 'refused' | 'malformed'

/** What opening a relay refuses. Once open, it rejects with the errors of every broker. */
export const relayErrors: ErrorCatalogue<RelayErrorName> = {
  urlInvalid: {
    code: 'HL_RELAY_URL',
    message:
      'The upstream "{url}" cannot be used; allowed are http://HOST:PORT, https://HOST:PORT and unix:/PATH.',
    fault: 'caller',
    retryable: false,
    status: 500,
  },
  refused: {
    code: 'HL_RELAY_REFUSED',
    message:
      'The upstream {url} refuses this relay ({reason}). It needs a token with "admin": true there.',
    fault: 'caller',
    retryable: false,
    status: 502,
  },
  malformed: {
    code: 'HL_RELAY_MALFORMED',
    message: 'The upstream sent what is no part of a log: {reason}.',
    fault: 'peer',
    retryable: true,
    status: 502,
  },
}
