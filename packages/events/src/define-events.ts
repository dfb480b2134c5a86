import { HeartlineError, type StandardSchema } from '@heartline/wire'
import { nameInvalid, schemaInvalid } from './errors.ts'
import { isSchema, type SchemaInput, type SchemaOutput } from './standard-schema.ts'

/** For values that are something else on the wire: one schema for each side. */
export interface SchemaPair {
  /** Checks what is sent. Its output goes on the wire, as JSON. */
  readonly send: StandardSchema
  /** Checks what readers get. Its input is what is on the wire. */
  readonly receive: StandardSchema
}

/** The schema of each event type. */
export type EventSchemas = Readonly<Record<string, StandardSchema | SchemaPair>>

/** How a definition behaves. */
export interface DefineOptions {
  /**
   * Asks the schema of readers, before anything is sent, whether they will get what was validated.
   * Default true. False saves the second look at each event.
   */
  readonly verify?: boolean | undefined
}

/** Events and their schemas. Made by `defineEvents`. */
export interface EventDefinition<Schemas extends EventSchemas = EventSchemas> {
  /** The event types, in the order they were given. */
  readonly types: readonly (keyof Schemas & string)[]
  /** What readers check with: `createClient({ url, schemas: events.schemas })`. */
  readonly schemas: {
    readonly [Type in keyof Schemas & string]: Receiving<Schemas[Type]>
  }
  readonly pairs: ReadonlyMap<string, SchemaPair>
  readonly verify: boolean
}

type Sending<Schema> = Schema extends SchemaPair ? Schema['send'] : Schema
type Receiving<Schema> = Schema extends SchemaPair ? Schema['receive'] : Schema

/** The schemas of a definition: `SchemasOf<typeof events>`. */
export type SchemasOf<Definition> =
  Definition extends EventDefinition<infer Schemas> ? Schemas : never

/** What is given to `send` for an event type. */
export type InputOf<Definition, Type extends keyof SchemasOf<Definition>> = SchemaInput<
  Extract<Sending<SchemasOf<Definition>[Type]>, StandardSchema>
>

/** What readers get for an event type. */
export type OutputOf<Definition, Type extends keyof SchemasOf<Definition>> = SchemaOutput<
  Extract<Receiving<SchemasOf<Definition>[Type]>, StandardSchema>
>

/** What readers get, by event type: `createClient<EventsOf<typeof events>>`, `typedHooks<…>()`. */
export type EventsOf<Definition> = {
  [Type in keyof SchemasOf<Definition> & string]: OutputOf<Definition, Type>
}

/**
 * Names events and gives each a schema: `defineEvents({ tick: z.object({ n: z.number() }) })`. The
 * one place that both sides import.
 *
 * What comes out of a schema goes on the wire as JSON, and readers check that with the same schema.
 *
 * @throws HeartlineError `HL_EVENTS_NAME_INVALID`, `HL_EVENTS_SCHEMA_INVALID`
 */
export function defineEvents<const Schemas extends EventSchemas>(
  schemas: Schemas,
  { verify = true }: DefineOptions = {},
): EventDefinition<Schemas> {
  const pairs = new Map<string, SchemaPair>()
  for (const [type, schema] of Object.entries(schemas)) {
    checkName(type)
    pairs.set(type, toPair(type, schema))
  }
  const receiving = [...pairs].map(([type, { receive }]) => [type, receive] as const)
  return Object.freeze({
    types: Object.freeze([...pairs.keys()]),
    schemas: Object.freeze(Object.fromEntries(receiving)) as never,
    pairs,
    verify,
  })
}

function toPair(type: string, given: StandardSchema | SchemaPair): SchemaPair {
  if (isSchema(given)) return { send: given, receive: given }
  const { send, receive } = (given ?? {}) as Partial<SchemaPair>
  if (isSchema(send) && isSchema(receive)) return { send, receive }
  throw new HeartlineError(schemaInvalid, { type })
}

function checkName(name: string): void {
  const problem = problemOf(name)
  if (problem !== undefined) {
    throw new HeartlineError(nameInvalid, { name: JSON.stringify(name), problem })
  }
}

/** A name that readers would see as another, or as none of an application. */
function problemOf(name: string): string | undefined {
  if (name === '') return 'is empty, which readers see as "message"'
  if (/[\r\n\0]/.test(name)) return 'has a line end or a NUL, which would end its line on the wire'
  if (/\p{Surrogate}/u.test(name)) return 'has half of a surrogate pair, which has no UTF-8'
  if (name.startsWith('heartline.')) return 'begins with "heartline.", as what the server says does'
  if (name === '*') return 'stands for all events where clients listen'
  return undefined
}
