import { HeartlineError } from '@heartline/wire'
import type { SchemaPair } from '../define-events.ts'
import { reasonOf } from '../errors.ts'
import type { StandardSchema } from '@heartline/wire'
import { isLater } from '../standard-schema.ts'
import { openApiErrors } from './errors.ts'
import type { JsonObject, ToJsonSchema } from './options.ts'

interface Converter {
  readonly input: (options: { readonly target: string }) => object
  readonly output: (options: { readonly target: string }) => object
}

/** The dialect of OpenAPI 3.1 and 3.2, but for words that it adds. */
const TARGET = { target: 'draft-2020-12' }

/**
 * The JSON Schema of what is on the wire. That is what comes out of the schema that sends; where it
 * has no JSON, as a date, it is what goes into the schema of readers.
 *
 * @throws HeartlineError `HL_OPENAPI_SCHEMA_NOT_JSON`
 */
export function wireSchema(
  type: string,
  { send, receive }: SchemaPair,
  toJsonSchema: ToJsonSchema | undefined,
): JsonObject {
  try {
    const given = toJsonSchema?.(receive, type)
    if (given !== undefined) return plain(given)
  } catch (thrown) {
    throw notJson(type, receive, reasonOf(thrown), thrown)
  }
  const own = send === receive ? outputOf(send) : undefined
  if (own !== undefined) return own
  try {
    const schema = converterOf(receive)?.input(TARGET)
    if (schema !== undefined) return plain(schema)
  } catch (thrown) {
    throw notJson(type, receive, reasonOf(thrown), thrown)
  }
  throw notJson(type, receive, 'it has no "~standard.jsonSchema"')
}

function outputOf(schema: StandardSchema): JsonObject | undefined {
  try {
    const output = converterOf(schema)?.output(TARGET)
    return output === undefined ? undefined : plain(output)
  } catch {
    return undefined
  }
}

function converterOf(schema: StandardSchema): Converter | undefined {
  return (schema['~standard'] as { readonly jsonSchema?: Converter }).jsonSchema
}

/** A copy without what is no JSON, and without what the description says as a whole. */
function plain(schema: object): JsonObject {
  if (isLater(schema)) throw new TypeError('it answers later')
  const { $schema: _dialect, ...rest } = JSON.parse(JSON.stringify(schema)) as JsonObject
  return rest
}

function notJson(
  type: string,
  schema: StandardSchema,
  reason: string,
  cause?: unknown,
): HeartlineError {
  const { vendor } = schema['~standard']
  return new HeartlineError(openApiErrors.schemaNotJson, { type, vendor, reason }, cause)
}
