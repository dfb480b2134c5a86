import type { ErrorCatalogue, ErrorEntry } from '@heartline/wire'

// Entries stand alone, so that a page carries only those that it can meet.

export const nameInvalid: ErrorEntry = toEntry(
  'NAME_INVALID',
  'No event can be called {name}: it {problem}.',
)
export const schemaInvalid: ErrorEntry = toEntry(
  'SCHEMA_INVALID',
  'The schema of "{type}" is no Standard Schema v1. ' +
    'Give one of zod, valibot, arktype or another library that has "~standard", ' +
    'or { send, receive } with one each.',
)
export const typeUnknown: ErrorEntry = toEntry(
  'TYPE_UNKNOWN',
  'No event is called "{type}". Known are: {known}.',
)
export const dataInvalid: ErrorEntry = toEntry(
  'DATA_INVALID',
  'The data of "{type}" is not valid, and nothing was sent: {reason}.',
)
export const dataNotJson: ErrorEntry = toEntry(
  'DATA_NOT_JSON',
  'The data of "{type}" has no JSON text, and nothing was sent: {reason}.',
)
export const dataOneWay: ErrorEntry = toEntry(
  'DATA_ONE_WAY',
  'Readers would not get the data of "{type}" back, and nothing was sent: {reason}. ' +
    'The schema has to accept the JSON of what comes out of it: describe a date as the text ' +
    'that is on the wire, or give { send, receive } with a schema for each side.',
)
export const schemaLater: ErrorEntry = toEntry(
  'SCHEMA_ASYNC',
  'The schema of "{type}" answers later. Use {use} instead.',
)
export const schemaFailed: ErrorEntry = toEntry(
  'SCHEMA_FAILED',
  'The schema of "{type}" threw, and nothing was sent: {reason}.',
)

export type EventsErrorName =
  | 'nameInvalid'
  | 'schemaInvalid'
  | 'typeUnknown'
  | 'dataInvalid'
  | 'dataNotJson'
  | 'dataOneWay'
  | 'schemaLater'
  | 'schemaFailed'

/** Everything that is thrown where events are defined and sent. */
export const eventsErrors: ErrorCatalogue<EventsErrorName> = {
  nameInvalid,
  schemaInvalid,
  typeUnknown,
  dataInvalid,
  dataNotJson,
  dataOneWay,
  schemaLater,
  schemaFailed,
}

/** What an unknown value that was thrown says. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** All of them are mistakes in the program that sends: a request that meets one is answered 500. */
/* @__NO_SIDE_EFFECTS__ */
function toEntry(code: string, message: string): ErrorEntry {
  return { code: `HL_EVENTS_${code}`, message, fault: 'caller', retryable: false, status: 500 }
}
