export {
  covers,
  decodeCursor,
  DEFAULT_LOG,
  encodeCursor,
  encodePosition,
  isCursor,
  parseCursor,
  type Cursor,
  type Position,
} from './cursor.ts'
export { encodeComment, encodeEvent, encodeRetry, type EventFields } from './encode.ts'
export {
  HeartlineError,
  type ErrorCatalogue,
  type ErrorDetails,
  type ErrorEntry,
  type Fault,
} from './error.ts'
export { wireErrors, type WireErrorName } from './errors.ts'
export type { EventParser, ParsedEvent, ParserCallbacks, ParserOptions } from './event-parser.ts'
export { createParser } from './parser.ts'
export type { PublishEvent, PublishResult } from './publish-event.ts'
export type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.ts'
