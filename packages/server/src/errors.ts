import type { ErrorCatalogue, ErrorEntry, Fault } from '@heartline/wire'

export type ServerErrorName =
  | 'configInvalid'
  | 'configUnknownKey'
  | 'configUnreadable'
  | 'keyRequired'
  | 'keyInvalid'
  | 'listenFailed'
  | 'workersFailed'
  | 'workerSilent'
  | 'seamUnavailable'
  | 'usage'
  | 'unreachable'
  | 'refused'
  | 'authRequired'
  | 'tokenMalformed'
  | 'tokenInQuery'
  | 'tokenAlgorithm'
  | 'tokenKeyUnknown'
  | 'tokenSignature'
  | 'tokenExpired'
  | 'tokenNotYetValid'
  | 'tokenIssuer'
  | 'tokenAudience'
  | 'claimMissing'
  | 'claimInvalid'
  | 'jwksUnavailable'
  | 'ticketInvalid'
  | 'ticketsFull'
  | 'adminRequired'
  | 'presenceForbidden'
  | 'sessionForbidden'
  | 'subjectMismatch'
  | 'hostRefused'
  | 'originRefused'
  | 'notFound'
  | 'methodNotAllowed'
  | 'sessionUnknown'
  | 'notAcceptable'
  | 'queryInvalid'
  | 'contentType'
  | 'contentEncoding'
  | 'bodyTooLarge'
  | 'bodyTimeout'
  | 'bodyAborted'
  | 'lineTooLong'
  | 'tooManyEvents'
  | 'utf8Invalid'
  | 'jsonInvalid'
  | 'jsonTooDeep'
  | 'idempotencyKey'
  | 'bodyInvalid'
  | 'relayOutdated'
  | 'headersTooLarge'
  | 'urlTooLong'
  | 'requestTimeout'
  | 'requestMalformed'

const entry = (code: string, status: number, fault: Fault, message: string): ErrorEntry => ({
  code,
  status,
  fault,
  message,
  retryable: status === 503 || status === 408,
})
const peer = (code: string, status: number, message: string): ErrorEntry =>
  entry(code, status, 'peer', message)
const caller = (code: string, message: string): ErrorEntry => entry(code, 500, 'caller', message)

/** What the server and the command line refuse. Every answer carries one of these codes. */
export const serverErrors: ErrorCatalogue<ServerErrorName> = {
  configInvalid: caller('HL_CONFIG_INVALID', '{where}: {reason}'),
  configUnknownKey: caller('HL_CONFIG_UNKNOWN_KEY', '{where} is not a setting.{hint}'),
  configUnreadable: caller(
    'HL_CONFIG_UNREADABLE',
    'The configuration file {file} cannot be read: {reason}.',
  ),
  keyRequired: caller(
    'HL_KEY_REQUIRED',
    'Without a key the hub serves only on loopback, not on {listen}. Listen on 127.0.0.1, or set a key: --key-secret-file FILE, --public-key-file FILE, --jwks-file FILE or --jwks-url URL.',
  ),
  keyInvalid: caller('HL_KEY_INVALID', 'The key from {source} cannot be used: {reason}.'),
  listenFailed: caller('HL_LISTEN_FAILED', 'Cannot listen on {listen}: {reason}.'),
  workersFailed: caller(
    'HL_WORKERS_FAILED',
    'No worker process could start; the last attempt of {tries} ended with {end}. The log above says why.',
  ),
  workerSilent: entry(
    'HL_WORKER_SILENT',
    503,
    'server',
    'Another process of this hub did not answer in time, so this cannot be told or done now. Try again.',
  ),
  seamUnavailable: caller(
    'HL_SEAM_UNAVAILABLE',
    'session.seam is handle, but the native handle of sockets cannot be used here: {reason}. Set it to auto or socket.',
  ),
  usage: caller('HL_USAGE', '{reason}'),
  unreachable: {
    code: 'HL_HUB_UNREACHABLE',
    status: 503,
    fault: 'server',
    retryable: true,
    message: 'The hub at {url} does not answer ({reason}). Is it running? Set another with --url.',
  },
  refused: caller('HL_HUB_REFUSED', 'The hub answered with status {status}.'),
  authRequired: peer(
    'HL_AUTH_REQUIRED',
    401,
    'This needs a token: send "Authorization: Bearer <token>", or ?ticket= for a stream.',
  ),
  tokenMalformed: peer(
    'HL_TOKEN_MALFORMED',
    401,
    'The Authorization header does not hold a bearer token in JWT form.',
  ),
  tokenInQuery: peer(
    'HL_TOKEN_IN_QUERY',
    400,
    'A token in a URL ends in logs. Send it in the Authorization header, or exchange it at POST /v1/tickets and use ?ticket=.',
  ),
  tokenAlgorithm: peer(
    'HL_TOKEN_ALGORITHM',
    401,
    'The token is signed with "{algorithm}", this hub accepts {allowed}.',
  ),
  tokenKeyUnknown: peer(
    'HL_TOKEN_KEY_UNKNOWN',
    401,
    'No key of this hub fits the token (kid "{kid}", algorithm {algorithm}).',
  ),
  tokenSignature: peer(
    'HL_TOKEN_SIGNATURE',
    401,
    'The signature of the token does not match any key of this hub.',
  ),
  tokenExpired: peer('HL_TOKEN_EXPIRED', 401, 'The token has expired. Get a new one.'),
  tokenNotYetValid: peer(
    'HL_TOKEN_NOT_YET_VALID',
    401,
    'The token is not valid yet. Check the clock of its issuer.',
  ),
  tokenIssuer: peer('HL_TOKEN_ISSUER', 401, 'The issuer of the token is not the expected one.'),
  tokenAudience: peer('HL_TOKEN_AUDIENCE', 401, 'The token is not meant for this hub.'),
  claimMissing: peer(
    'HL_CLAIM_MISSING',
    403,
    'The token has no "heartline" claim, so it allows nothing. Give it { "heartline": { "subscribe": [...] } }.',
  ),
  claimInvalid: peer(
    'HL_CLAIM_INVALID',
    403,
    'The "{claim}" claim of the token is wrong: {reason}.',
  ),
  jwksUnavailable: {
    code: 'HL_JWKS_UNAVAILABLE',
    status: 503,
    fault: 'server',
    retryable: true,
    message: 'The keys to check the token with cannot be fetched right now. Try again.',
  },
  ticketInvalid: peer(
    'HL_TICKET_INVALID',
    401,
    'The ticket is unknown, used or older than 30 s. Get a new one at POST /v1/tickets.',
  ),
  ticketsFull: peer(
    'HL_TICKETS_FULL',
    503,
    'Too many unused tickets are waiting. Try again in a few seconds.',
  ),
  adminRequired: peer(
    'HL_ADMIN_REQUIRED',
    403,
    'This needs a token with "admin": true in its heartline claim.',
  ),
  presenceForbidden: peer(
    'HL_PRESENCE_FORBIDDEN',
    403,
    'The token does not allow the presence of "{topic}".',
  ),
  sessionForbidden: peer(
    'HL_SESSION_FORBIDDEN',
    403,
    'Only the subject of this session or an administrator may do this.',
  ),
  subjectMismatch: peer(
    'HL_SUBJECT_MISMATCH',
    403,
    'The new token belongs to another subject than the session.',
  ),
  hostRefused: peer(
    'HL_HOST_REFUSED',
    403,
    'In development mode the Host header must name this machine (localhost, 127.0.0.1, [::1]). Set a key to serve other names.',
  ),
  originRefused: peer(
    'HL_ORIGIN_REFUSED',
    403,
    'In development mode pages of other sites may not change anything here. Add the origin to cors.origins to allow it.',
  ),
  notFound: peer('HL_NOT_FOUND', 404, 'There is nothing at this path.'),
  methodNotAllowed: peer('HL_METHOD_NOT_ALLOWED', 405, 'This path takes {allow}.'),
  sessionUnknown: peer('HL_SESSION_UNKNOWN', 404, 'There is no open session with this id.'),
  notAcceptable: peer(
    'HL_NOT_ACCEPTABLE',
    406,
    'This is an event stream: the Accept header must allow text/event-stream.',
  ),
  queryInvalid: peer('HL_QUERY_INVALID', 400, 'The parameter "{name}" is wrong: {reason}.'),
  contentType: peer('HL_CONTENT_TYPE', 415, 'The Content-Type must be {allowed}.'),
  contentEncoding: peer(
    'HL_CONTENT_ENCODING',
    415,
    'Request bodies are taken without Content-Encoding only.',
  ),
  bodyTooLarge: peer(
    'HL_BODY_TOO_LARGE',
    413,
    'The body is larger than {maxBytes} bytes. Send less, or stream application/x-ndjson.',
  ),
  bodyTimeout: peer('HL_BODY_TIMEOUT', 408, 'The body did not arrive in time.'),
  bodyAborted: peer('HL_BODY_ABORTED', 400, 'The body ended before it was complete.'),
  lineTooLong: peer('HL_LINE_TOO_LONG', 413, 'The line is longer than {maxBytes} bytes.'),
  tooManyEvents: peer(
    'HL_TOO_MANY_EVENTS',
    413,
    'One request takes at most {max} lines. Send the rest in another one.',
  ),
  utf8Invalid: peer('HL_UTF8_INVALID', 400, 'The text is not valid UTF-8.'),
  jsonInvalid: peer(
    'HL_JSON_INVALID',
    400,
    'The text is not valid JSON: {reason} at position {position}.',
  ),
  jsonTooDeep: peer('HL_JSON_TOO_DEEP', 400, 'The JSON is nested deeper than {max} levels.'),
  idempotencyKey: peer('HL_IDEMPOTENCY_KEY', 400, 'The Idempotency-Key is wrong: {reason}.'),
  bodyInvalid: peer('HL_BODY_INVALID', 400, 'The body is wrong: {reason}.'),
  relayOutdated: peer(
    'HL_RELAY_OUTDATED',
    409,
    'This relay has sent a later append already. This one was not stored.',
  ),
  headersTooLarge: peer('HL_HEADERS_TOO_LARGE', 431, 'The header is larger than this hub takes.'),
  urlTooLong: peer('HL_URL_TOO_LONG', 414, 'The request line is longer than this hub takes.'),
  requestTimeout: peer('HL_REQUEST_TIMEOUT', 408, 'The request did not arrive in time.'),
  requestMalformed: peer('HL_REQUEST_MALFORMED', 400, 'This is not a valid HTTP request.'),
}
