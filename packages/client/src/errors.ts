import { HeartlineError, type ErrorDetails, type ErrorEntry } from '@heartline/wire'

// Entries stand alone, so that a page carries only those that it can meet.

export const optionInvalid: ErrorEntry = toEntry(
  'OPTION_INVALID',
  'The option {option} {problem}.',
  'caller',
)
export const closed: ErrorEntry = toEntry(
  'CLOSED',
  'The client is closed. Create another.',
  'caller',
)
export const requestSetup: ErrorEntry = toEntry(
  'REQUEST_SETUP',
  'No request could be made: {reason}.',
  'caller',
  503,
)
export const network: ErrorEntry = toEntry(
  'NETWORK',
  'No answer from {url}: {reason}.',
  'peer',
  503,
)
export const dns: ErrorEntry = toEntry(
  'DNS',
  'The name of {url} is not known: {reason}.',
  'peer',
  503,
)
export const tls: ErrorEntry = toEntry(
  'TLS',
  'No secure connection to {url}: {reason}.',
  'peer',
  503,
)
export const redirectLoop: ErrorEntry = toEntry(
  'REDIRECT_LOOP',
  '{url} redirects in circles.',
  'peer',
  508,
)
export const redirectOrigin: ErrorEntry = toEntry(
  'REDIRECT_ORIGIN',
  '{url} redirects to {target}. Allow it with redirect: "follow".',
  'peer',
  502,
)
export const connectTimeout: ErrorEntry = toEntry(
  'CONNECT_TIMEOUT',
  'No answer from {url} for {ms} ms.',
  'peer',
  504,
)
export const noFirstByte: ErrorEntry = toEntry(
  'NO_FIRST_BYTE',
  'The stream from {url} sent nothing for {ms} ms. Does a proxy buffer it?',
  'peer',
  504,
)
export const silent: ErrorEntry = toEntry(
  'SILENT',
  'The stream from {url} sent nothing for {ms} ms.',
  'peer',
  504,
)
export const broken: ErrorEntry = toEntry(
  'STREAM_BROKEN',
  'The stream from {url} broke: {reason}.',
  'peer',
  503,
)
export const streamEnded: ErrorEntry = toEntry(
  'STREAM_ENDED',
  'The stream from {url} ended.',
  'peer',
  503,
)
export const drained: ErrorEntry = toEntry('DRAINED', 'The server is leaving.', 'peer', 503)
export const dismissed: ErrorEntry = toEntry(
  'DISMISSED',
  'The server ended the stream for good.',
  'peer',
)
export const noContent: ErrorEntry = toEntry('NO_CONTENT', '{url} answered 204.', 'peer')
export const contentType: ErrorEntry = toEntry(
  'CONTENT_TYPE',
  '{url} answered "{contentType}", not text/event-stream.',
  'peer',
  502,
)
export const refused: ErrorEntry = toEntry('REFUSED', '{url} answered {status}: {reason}.', 'peer')
export const notRepeated: ErrorEntry = toEntry(
  'NOT_REPEATED',
  'A {method} could act twice: it is sent once. Allow it with repeat: true.',
  'caller',
)
export const movedBack: ErrorEntry = toEntry(
  'MOVED_BACK',
  'The preferred server is back.',
  'peer',
  503,
)
export const asleep: ErrorEntry = toEntry('ASLEEP', 'The page sleeps.', 'caller', 503)
export const handlerFailed: ErrorEntry = toEntry(
  'HANDLER_FAILED',
  'A handler of "{type}" threw: {reason}.',
  'caller',
)
export const handlerStuck: ErrorEntry = toEntry(
  'HANDLER_STUCK',
  'A handler of "{type}" takes more than {ms} ms: the stream waits.',
  'caller',
)
export const dataInvalid: ErrorEntry = toEntry(
  'DATA_INVALID',
  'The data of "{type}" is not valid: {reason}.',
  'peer',
)
export const storeFailed: ErrorEntry = toEntry(
  'STORE_FAILED',
  'The place could not be {act}: {reason}.',
  'caller',
)
export const outboxFull: ErrorEntry = toEntry(
  'OUTBOX_FULL',
  '{entries} publishes wait already. Try again later.',
  'caller',
  503,
)

/** Everything that the client throws or reports. */
export const clientErrors: readonly ErrorEntry[] = [
  optionInvalid,
  closed,
  requestSetup,
  network,
  dns,
  tls,
  redirectLoop,
  redirectOrigin,
  connectTimeout,
  noFirstByte,
  silent,
  broken,
  streamEnded,
  drained,
  dismissed,
  noContent,
  contentType,
  refused,
  notRepeated,
  movedBack,
  asleep,
  handlerFailed,
  handlerStuck,
  dataInvalid,
  storeFailed,
  outboxFull,
]

/** An error of the catalogue. A status of 5xx means: it may go away by itself. */
export function toError(
  entry: ErrorEntry,
  details?: ErrorDetails,
  cause?: unknown,
): HeartlineError {
  return new HeartlineError(entry, details, cause)
}

/** What an unknown value that was thrown says. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** A status of 5xx means: it may go away by itself. */
/* @__NO_SIDE_EFFECTS__ */
function toEntry(
  code: string,
  message: string,
  fault: ErrorEntry['fault'],
  status = 400,
): ErrorEntry {
  return { code: `HL_CLIENT_${code}`, message, fault, status, retryable: status > 500 }
}
