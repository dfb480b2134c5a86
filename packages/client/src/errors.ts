import {
  HeartlineError,
  type ErrorCatalogue,
  type ErrorDetails,
  type ErrorEntry,
} from '@heartline/wire'

export type ClientErrorName =
  | 'optionInvalid'
  | 'closed'
  | 'requestSetup'
  | 'network'
  | 'dns'
  | 'tls'
  | 'redirectLoop'
  | 'redirectOrigin'
  | 'connectTimeout'
  | 'noFirstByte'
  | 'silent'
  | 'broken'
  | 'streamEnded'
  | 'drained'
  | 'dismissed'
  | 'noContent'
  | 'contentType'
  | 'refused'
  | 'notRepeated'
  | 'movedBack'
  | 'asleep'
  | 'handlerFailed'
  | 'handlerStuck'
  | 'dataInvalid'
  | 'storeFailed'
  | 'outboxFull'

/** Everything that the client throws or reports. */
export const clientErrors: ErrorCatalogue<ClientErrorName> = {
  optionInvalid: toEntry('OPTION_INVALID', 'The option {option} {problem}.', 'caller'),
  closed: toEntry('CLOSED', 'The client is closed. Create another.', 'caller'),
  requestSetup: toEntry('REQUEST_SETUP', 'No request could be made: {reason}.', 'caller', 503),
  network: toEntry('NETWORK', 'No answer from {url}: {reason}.', 'peer', 503),
  dns: toEntry('DNS', 'The name of {url} is not known: {reason}.', 'peer', 503),
  tls: toEntry('TLS', 'No secure connection to {url}: {reason}.', 'peer', 503),
  redirectLoop: toEntry('REDIRECT_LOOP', '{url} redirects in circles.', 'peer', 508),
  redirectOrigin: toEntry(
    'REDIRECT_ORIGIN',
    '{url} redirects to another origin, {target}. Allow it with redirect: "follow".',
    'peer',
    502,
  ),
  connectTimeout: toEntry(
    'CONNECT_TIMEOUT',
    '{url} accepted the request and did not answer for {ms} ms.',
    'peer',
    504,
  ),
  noFirstByte: toEntry(
    'NO_FIRST_BYTE',
    '{url} opened a stream that sent nothing for {ms} ms. Does a proxy on the way buffer it?',
    'peer',
    504,
  ),
  silent: toEntry('SILENT', 'The stream from {url} went silent for {ms} ms.', 'peer', 504),
  broken: toEntry('STREAM_BROKEN', 'The stream from {url} broke: {reason}.', 'peer', 503),
  streamEnded: toEntry('STREAM_ENDED', 'The stream from {url} ended.', 'peer', 503),
  drained: toEntry('DRAINED', 'The server leaves in good order.', 'peer', 503),
  dismissed: toEntry('DISMISSED', 'The server ended the stream for good.', 'peer'),
  noContent: toEntry('NO_CONTENT', '{url} answered 204: there is nothing to read.', 'peer'),
  contentType: toEntry(
    'CONTENT_TYPE',
    '{url} answered with "{contentType}" instead of text/event-stream.',
    'peer',
    502,
  ),
  refused: toEntry('REFUSED', '{url} answered {status}: {reason}.', 'peer'),
  notRepeated: toEntry(
    'NOT_REPEATED',
    'The {method} request is not sent again, because it could act twice. Allow it with repeat: true.',
    'caller',
  ),
  movedBack: toEntry('MOVED_BACK', 'The preferred server is healthy again.', 'peer', 503),
  asleep: toEntry('ASLEEP', 'The page went into the back/forward cache.', 'caller', 503),
  handlerFailed: toEntry('HANDLER_FAILED', 'A handler of "{type}" threw: {reason}.', 'caller'),
  handlerStuck: toEntry(
    'HANDLER_STUCK',
    'A handler did not finish "{type}" in {ms} ms. Nothing more is read until it does.',
    'caller',
  ),
  dataInvalid: toEntry('DATA_INVALID', 'The data of "{type}" is not valid: {reason}.', 'peer'),
  storeFailed: toEntry('STORE_FAILED', 'The place could not be {act}: {reason}.', 'caller'),
  outboxFull: toEntry(
    'OUTBOX_FULL',
    '{entries} publishes wait already. Try again when some of them were sent.',
    'caller',
    503,
  ),
}

/** An error of the catalogue. A status of 5xx means: it may go away by itself. */
export function toError(
  name: ClientErrorName,
  details?: ErrorDetails,
  cause?: unknown,
): HeartlineError {
  return new HeartlineError(clientErrors[name], details, cause)
}

/** What an unknown value that was thrown says. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

function toEntry(
  code: string,
  message: string,
  fault: ErrorEntry['fault'],
  status = 400,
): ErrorEntry {
  return { code: `HL_CLIENT_${code}`, message, fault, status, retryable: status > 500 }
}
