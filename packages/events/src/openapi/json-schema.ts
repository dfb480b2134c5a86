import { HeartlineError, type StandardSchema } from '@heartline/wire'
import type { SchemaPair } from '../define-events.ts'
import { reasonOf } from '../errors.ts'
import { isLater } from '../standard-schema.ts'
import { openApiErrors } from './errors.ts'
import type { JsonObject, ToJsonSchema } from './options.ts'

interface Converter {
  readonly input: (options: ConverterOptions) => object
  readonly output: (options: ConverterOptions) => object
}

interface ConverterOptions {
  readonly target: string
  /** What only the library itself understands. */
  readonly libraryOptions?: object
}

/** The dialect of OpenAPI 3.1 and 3.2, but for words that it adds. */
const TARGET: ConverterOptions = { target: 'draft-2020-12' }

/**
 * By the name of the library. arktype describes what has no JSON, as a bigint, by `{}`, which
 * promises anything. What it only cannot describe as closely as it checks is described loosely.
 */
const OPTIONS: Readonly<Record<string, ConverterOptions>> = {
  arktype: { ...TARGET, libraryOptions: { fallback: refuse } },
}

const NO_JSON: readonly string[] = ['date', 'domain', 'proto', 'unit']

function refuse({ code, base, ...rest }: { readonly code: string; readonly base: object }): object {
  if (!NO_JSON.includes(code)) return base
  const { domain } = rest as { readonly domain?: string }
  throw new TypeError(`its ${domain ?? code} has no JSON`)
}

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
    const schema = converterOf(receive)?.input(optionsFor(receive))
    if (schema !== undefined) return plain(schema)
  } catch (thrown) {
    throw notJson(type, receive, reasonOf(thrown), thrown)
  }
  throw notJson(type, receive, 'it has no "~standard.jsonSchema"')
}

function outputOf(schema: StandardSchema): JsonObject | undefined {
  try {
    const output = converterOf(schema)?.output(optionsFor(schema))
    return output === undefined ? undefined : plain(output)
  } catch {
    return undefined
  }
}

function converterOf(schema: StandardSchema): Converter | undefined {
  return (schema['~standard'] as { readonly jsonSchema?: Converter }).jsonSchema
}

function optionsFor(schema: StandardSchema): ConverterOptions {
  const { vendor } = schema['~standard']
  return Object.hasOwn(OPTIONS, vendor) ? (OPTIONS[vendor] ?? TARGET) : TARGET
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
