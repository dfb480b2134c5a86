import { HeartlineError } from '@heartline/wire'
import { Components } from './components.ts'
import { openApiErrors } from './errors.ts'
import type { JsonObject, OpenApiDocument, OpenApiOptions, OpenApiVersion } from './options.ts'
import type { StreamOperation } from './options.ts'
import { streamParameters } from './parameters.ts'
import { addProblem, problemResponses } from './problems.ts'
import { isObject } from './references.ts'
import { streamMedia } from './stream-media.ts'

/** The newest patch of each. */
const VERSIONS: Readonly<Record<OpenApiVersion, string>> = { '3.2': '3.2.0', '3.1': '3.1.1' }

interface Room {
  readonly version: OpenApiVersion
  readonly components: Components
  readonly problem: JsonObject
}

/**
 * Describes streams: `toOpenApi({ info, paths: { '/ticks': { events } } })`. Plain data: serve it
 * with `openApiRoute`, or write it to a file.
 *
 * @throws HeartlineError `HL_OPENAPI_VERSION_UNKNOWN`, `HL_OPENAPI_PATH_INVALID`,
 *   `HL_OPENAPI_OPERATION_TAKEN`, `HL_OPENAPI_SCHEMA_NOT_JSON`, `HL_OPENAPI_STATUS_INVALID`
 */
export function toOpenApi(options: OpenApiOptions): OpenApiDocument {
  const { version = '3.2', base = {}, info, servers, tags, security } = options
  // A number in its place, 3.2, would be taken for one of them and described as another.
  if (typeof version !== 'string' || !Object.hasOwn(VERSIONS, version)) {
    throw new HeartlineError(openApiErrors.versionUnknown, { version: String(version) })
  }
  const given = objectAt(base, 'components')
  const schemas = objectAt(given, 'schemas')
  const components = new Components(options.toJsonSchema, Object.keys(schemas))
  const room = { version, components, problem: addProblem(components) }
  const paths = mergePaths(objectAt(base, 'paths'), options.paths, room)
  return {
    ...base,
    ...withoutUndefined({ servers, tags, security }),
    openapi: VERSIONS[version],
    info,
    paths,
    components: {
      ...given,
      ...securityOf(options, given),
      schemas: { ...schemas, ...components.schemas },
    },
  } as OpenApiDocument
}

function mergePaths(
  base: JsonObject,
  streams: Readonly<Record<string, StreamOperation>>,
  room: Room,
): Record<string, JsonObject> {
  const paths: Record<string, JsonObject> = { ...(base as Record<string, JsonObject>) }
  for (const [path, stream] of Object.entries(streams)) {
    const { method = 'get' } = stream
    const item = paths[path] ?? {}
    if (Object.hasOwn(item, method)) {
      throw new HeartlineError(openApiErrors.operationTaken, { method: method.toUpperCase(), path })
    }
    paths[path] = { ...item, [method]: toOperation(path, stream, room) }
  }
  return paths
}

function toOperation(path: string, stream: StreamOperation, room: Room): JsonObject {
  const { summary, description, operationId, tags, deprecated, requestBody, security } = stream
  const about = { operationId, summary, description, tags, deprecated, requestBody, security }
  const parameters = streamParameters(path, stream.parameters, stream.resume ?? true)
  const content = { 'text/event-stream': streamMedia(stream, room.version, room.components) }
  return {
    ...withoutUndefined(about),
    ...(parameters.length > 0 ? { parameters } : {}),
    responses: {
      200: { description: 'A stream of events, which stays open.', content },
      ...problemResponses(stream.errors, room.problem),
      ...stream.responses,
    },
  }
}

function securityOf({ securitySchemes }: OpenApiOptions, given: JsonObject): JsonObject {
  if (securitySchemes === undefined) return {}
  return { securitySchemes: { ...objectAt(given, 'securitySchemes'), ...securitySchemes } }
}

function objectAt(object: JsonObject, name: string): JsonObject {
  const value = object[name]
  return isObject(value) ? value : {}
}

function withoutUndefined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}
