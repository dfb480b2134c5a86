import type { ErrorCatalogue } from './error.ts'

export type WireErrorName =
  | 'fieldInvalid'
  | 'eventTooLarge'
  | 'parserOptionInvalid'
  | 'cursorInvalid'
  | 'cursorTooLong'

/** Everything that the encoder, the parser and the cursors throw or report. */
export const wireErrors: ErrorCatalogue<WireErrorName> = {
  fieldInvalid: {
    code: 'HL_EVENT_FIELD_INVALID',
    message: 'The field {field} {problem}. {remedy}.',
    fault: 'caller',
    retryable: false,
    status: 400,
  },
  eventTooLarge: {
    code: 'HL_EVENT_TOO_LARGE',
    message:
      'The stream sent one event of more than {maxBytes} bytes. ' +
      'Send smaller events, or raise maxEventBytes.',
    fault: 'peer',
    retryable: false,
    status: 502,
  },
  parserOptionInvalid: {
    code: 'HL_PARSER_OPTION_INVALID',
    message: 'The option maxEventBytes is {given}. Give a number of bytes greater than 0.',
    fault: 'caller',
    retryable: false,
    status: 500,
  },
  cursorInvalid: {
    code: 'HL_CURSOR_INVALID',
    message:
      'The cursor is not valid: {problem}. ' +
      'Send back an event id exactly as it was received, or none to start anew.',
    fault: 'caller',
    retryable: false,
    status: 400,
  },
  cursorTooLong: {
    code: 'HL_CURSOR_TOO_LONG',
    message:
      'The cursor of {logs} logs would have {bytes} bytes, at most {maxBytes} are allowed. ' +
      'Ask for fewer logs in one stream.',
    fault: 'caller',
    retryable: false,
    status: 400,
  },
}
