import type { ErrorCatalogue } from '@heartline/wire'

export type SessionErrorName =
  | 'optionInvalid'
  | 'headSent'
  | 'sourceInvalid'
  | 'writeRefused'
  | 'sessionEnded'
  | 'requestBehind'
  | 'writeFailed'
  | 'responseReleased'
  | 'methodNotAllowed'
  | 'notAcceptable'
  | 'handlerInvalid'
  | 'handlerTimeout'
  | 'handlerFailed'

/** The closed set of errors of this package. */
export const sessionErrors: ErrorCatalogue<SessionErrorName> = {
  optionInvalid: {
    code: 'HL_OPTION_INVALID',
    message: 'The option {option} is {given}; it takes {allowed}.',
    fault: 'caller',
    retryable: false,
    status: 500,
  },
  headSent: {
    code: 'HL_HEAD_SENT',
    message:
      'The head of this response was already sent. Make the session before anything is written.',
    fault: 'caller',
    retryable: false,
    status: 500,
  },
  sourceInvalid: {
    code: 'HL_SOURCE_INVALID',
    message: 'A source of type {given} cannot be streamed; pass an iterable of events or strings.',
    fault: 'caller',
    retryable: false,
    status: 500,
  },
  writeRefused: {
    code: 'HL_SESSION_BLOCKED',
    message: 'Framed bytes were written to a blocked session. Wait for onWritable, or use send().',
    fault: 'caller',
    retryable: true,
    status: 500,
  },
  sessionEnded: {
    code: 'HL_SESSION_ENDED',
    message: 'The session ended ({reason}).',
    fault: 'peer',
    retryable: false,
    status: 499,
  },
  requestBehind: {
    code: 'HL_REQUEST_BEHIND_STREAM',
    message: 'The reader sent another request behind its open stream, where none can be answered.',
    fault: 'peer',
    retryable: false,
    status: 400,
  },
  writeFailed: {
    code: 'HL_WRITE_FAILED',
    message: 'Writing to the connection failed ({code}).',
    fault: 'peer',
    retryable: true,
    status: 500,
  },
  responseReleased: {
    code: 'HL_RESPONSE_RELEASED',
    message:
      'This response was let go of by the session made of it. Send through the session, or make it with `release: false`.',
    fault: 'caller',
    retryable: false,
    status: 500,
  },
  methodNotAllowed: {
    code: 'HL_METHOD_NOT_ALLOWED',
    message: 'A stream is opened with GET, the request used {method}.',
    fault: 'caller',
    retryable: false,
    status: 405,
  },
  notAcceptable: {
    code: 'HL_NOT_ACCEPTABLE',
    message:
      'This is a stream of events, and the header Accept does not take it. Send `Accept: text/event-stream`.',
    fault: 'caller',
    retryable: false,
    status: 406,
  },
  handlerInvalid: {
    code: 'HL_HANDLER_INVALID',
    message: 'The handler of a stream is {given}; pass a function of a session.',
    fault: 'caller',
    retryable: false,
    status: 500,
  },
  handlerTimeout: {
    code: 'HL_HANDLER_TIMEOUT',
    message: 'The handler of the stream took longer than {timeoutMs} ms (handlerTimeoutMs).',
    fault: 'server',
    retryable: true,
    status: 503,
  },
  handlerFailed: {
    code: 'HL_HANDLER_FAILED',
    message: 'The server failed to open the stream. Its log says why.',
    fault: 'server',
    retryable: true,
    status: 500,
  },
}
