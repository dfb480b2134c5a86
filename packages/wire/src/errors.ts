import type { ErrorCatalogue, ErrorEntry } from './error.ts'

// Entries stand alone, so that a page which only parses carries only what the parser reports.

export const fieldInvalid: ErrorEntry = {
  code: 'HL_EVENT_FIELD_INVALID',
  message: 'The field {field} {problem}. {remedy}.',
  fault: 'caller',
  retryable: false,
  status: 400,
}

export const eventTooLarge: ErrorEntry = {
  code: 'HL_EVENT_TOO_LARGE',
  message: 'An event is longer than {maxLength}. Send shorter ones, or raise maxEventLength.',
  fault: 'peer',
  retryable: false,
  status: 502,
}

export const parserOptionInvalid: ErrorEntry = {
  code: 'HL_PARSER_OPTION_INVALID',
  message: 'The option maxEventLength is {given}, not above 0.',
  fault: 'caller',
  retryable: false,
  status: 500,
}

export const cursorInvalid: ErrorEntry = {
  code: 'HL_CURSOR_INVALID',
  message:
    'The cursor is not valid: {problem}. ' +
    'Send back an event id exactly as it was received, or none to start anew.',
  fault: 'caller',
  retryable: false,
  status: 400,
}

export const cursorTooLong: ErrorEntry = {
  code: 'HL_CURSOR_TOO_LONG',
  message:
    'The cursor of {logs} logs would have {bytes} bytes, at most {maxBytes} are allowed. ' +
    'Ask for fewer logs in one stream.',
  fault: 'caller',
  retryable: false,
  status: 400,
}

export type WireErrorName =
  | 'fieldInvalid'
  | 'eventTooLarge'
  | 'parserOptionInvalid'
  | 'cursorInvalid'
  | 'cursorTooLong'

/** Everything that the encoder, the parser and the cursors throw or report. */
export const wireErrors: ErrorCatalogue<WireErrorName> = {
  fieldInvalid,
  eventTooLarge,
  parserOptionInvalid,
  cursorInvalid,
  cursorTooLong,
}
