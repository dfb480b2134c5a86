import type { EventDefinition } from '../define-events.ts'
import type { StandardSchema } from '@heartline/wire'

/** An object of JSON, as it stands in a description. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Each of them writes a stream of events in its own way. */
export type OpenApiVersion = '3.2' | '3.1'

/** The JSON Schema (draft 2020-12) of a schema; undefined to have it asked for its own. */
export type ToJsonSchema = (schema: StandardSchema, type: string) => object | undefined

/** One stream. */
export interface StreamOperation {
  // Any definition: what it defines is read when this runs.
  readonly events: Pick<EventDefinition, 'types' | 'pairs'>
  /** Default `get`, which is all that a browser's `EventSource` can. */
  readonly method?: 'get' | 'post' | 'put' | 'patch' | undefined
  readonly summary?: string | undefined
  readonly description?: string | undefined
  readonly operationId?: string | undefined
  readonly tags?: readonly string[] | undefined
  readonly deprecated?: boolean | undefined
  /** Parameter Objects. Those of the path's template that are missing are added as text. */
  readonly parameters?: readonly JsonObject[] | undefined
  readonly requestBody?: JsonObject | undefined
  /** Security Requirement Objects. */
  readonly security?: readonly JsonObject[] | undefined
  /** Describes `Last-Event-ID` and `lastEventId`. Default true. */
  readonly resume?: boolean | undefined
  /** Describes what the server itself says on a stream (`heartline.drain` …). Default true. */
  readonly control?: boolean | undefined
  /** Statuses that are answered with a problem document. Default 401, 403, 406, 503. */
  readonly errors?: readonly number[] | undefined
  /** More Response Objects, by status. They win. */
  readonly responses?: JsonObject | undefined
}

/** What is described. */
export interface OpenApiOptions {
  /** The Info Object. */
  readonly info: { readonly title: string; readonly version: string } & JsonObject
  /** `3.2` with `itemSchema`, or `3.1` with an array. Default `3.2`. */
  readonly version?: OpenApiVersion | undefined
  /** By path: `/rooms/{room}/events`. */
  readonly paths: Readonly<Record<string, StreamOperation>>
  /** Server Objects. Default: the origin that serves the description. */
  readonly servers?: readonly JsonObject[] | undefined
  readonly tags?: readonly JsonObject[] | undefined
  readonly security?: readonly JsonObject[] | undefined
  readonly securitySchemes?: JsonObject | undefined
  /** The description of the rest of an interface, into which the streams are put. Default: none. */
  readonly base?: JsonObject | undefined
  /** For schemas that do not know their JSON Schema themselves. */
  readonly toJsonSchema?: ToJsonSchema | undefined
}

/** An OpenAPI description. */
export interface OpenApiDocument extends JsonObject {
  readonly openapi: string
  readonly info: JsonObject
  readonly paths: Readonly<Record<string, JsonObject>>
  readonly components: Readonly<Record<string, JsonObject>>
}
