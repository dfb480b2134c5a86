import { HeartlineError, type EventFields } from '@heartline/wire'
import type { EventDefinition, EventSchemas, InputOf, SchemaPair } from './define-events.ts'
import { encodeData } from './encode-data.ts'
import { schemaLater, typeUnknown } from './errors.ts'
import { isLater } from './standard-schema.ts'

/** What may be sent with an event. */
export type EventExtras = Pick<EventFields, 'id' | 'retry'>

/** An event that was checked: its data is JSON text. */
export interface CheckedEvent extends EventExtras {
  readonly type: string
  readonly data: string
}

/** An event before it is checked. */
export type EventInput<Schemas extends EventSchemas> = {
  [Type in keyof Schemas & string]: EventExtras & {
    readonly type: Type
    readonly data: InputOf<EventDefinition<Schemas>, Type>
  }
}[keyof Schemas & string]

/**
 * Checks a value and makes an event of it, for whatever sends it:
 * `hub.publish([{ topic, ...toEvent(events, 'tick', { n: 1 }) }])`.
 *
 * @throws HeartlineError `HL_EVENTS_TYPE_UNKNOWN`, `HL_EVENTS_DATA_INVALID` (see `issuesOf`),
 *   `HL_EVENTS_DATA_NOT_JSON`, `HL_EVENTS_DATA_ONE_WAY`, `HL_EVENTS_SCHEMA_FAILED`, and
 *   `HL_EVENTS_SCHEMA_ASYNC` for a schema that answers later
 */
export function toEvent<Schemas extends EventSchemas, Type extends keyof Schemas & string>(
  definition: EventDefinition<Schemas>,
  type: Type,
  value: InputOf<EventDefinition<Schemas>, Type>,
  extras: EventExtras = {},
): CheckedEvent {
  return checkNow(definition, { ...extras, type, data: value }, 'toEventAsync')
}

/** `toEvent` for schemas that may answer later. Rejects with what `toEvent` throws. */
export async function toEventAsync<
  Schemas extends EventSchemas,
  Type extends keyof Schemas & string,
>(
  definition: EventDefinition<Schemas>,
  type: Type,
  value: InputOf<EventDefinition<Schemas>, Type>,
  extras: EventExtras = {},
): Promise<CheckedEvent> {
  return checkLater(definition, { ...extras, type, data: value })
}

/** An event whose type and data nobody has looked at. */
export interface UncheckedEvent extends EventExtras {
  readonly type: string
  readonly data: unknown
}

/** `use` is what to call instead when the schema answers later. */
export function checkNow(
  definition: EventDefinition,
  { type, data, id, retry }: UncheckedEvent,
  use: string,
): CheckedEvent {
  const text = encodeData(type, data, pairOf(definition, type), definition.verify)
  if (!isLater(text)) return { id, type, data: text, retry }
  // What it finds is not wanted any more.
  text.catch(() => {})
  throw new HeartlineError(schemaLater, { type, use })
}

export async function checkLater(
  definition: EventDefinition,
  event: UncheckedEvent,
): Promise<CheckedEvent> {
  // A source may yield anything.
  const { type, data, id, retry } = (event ?? {}) as UncheckedEvent
  const pair = pairOf(definition, type)
  return { id, type, data: await encodeData(type, data, pair, definition.verify), retry }
}

function pairOf({ pairs, types }: EventDefinition, type: string): SchemaPair {
  const pair = pairs.get(type)
  if (pair !== undefined) return pair
  throw new HeartlineError(typeUnknown, { type: String(type), known: types.join(', ') || 'none' })
}
