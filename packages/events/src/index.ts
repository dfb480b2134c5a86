export {
  defineEvents,
  type DefineOptions,
  type EventDefinition,
  type EventSchemas,
  type EventsOf,
  type InputOf,
  type OutputOf,
  type SchemaPair,
  type SchemasOf,
} from './define-events.ts'
export { issuesOf } from './encode-data.ts'
export { eventsErrors, type EventsErrorName } from './errors.ts'
export type { SendResult, SessionLike } from './session-like.ts'
export type { SchemaIssue, SchemaResult, StandardSchema } from '@heartline/wire'
export {
  toEvent,
  toEventAsync,
  type CheckedEvent,
  type EventExtras,
  type EventInput,
} from './to-event.ts'
export type { SourceOf } from './typed-source.ts'
export { TypedSession, typedHandler, typedSession } from './typed-session.ts'
