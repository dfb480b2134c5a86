import type { JsonObject } from './options.ts'

/** Words whose value is data, not a schema. */
const DATA = new Set(['const', 'default', 'enum', 'example', 'examples'])
/** Words whose value has a schema under each name. */
const MAPS = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs'])

/**
 * The same schema with each reference changed. In a description `#` is the whole description, so a
 * schema that refers to itself has to say where it went.
 */
export function mapReferences(schema: JsonObject, map: (reference: string) => string): JsonObject {
  const entries = Object.entries(schema).map(([word, value]) => {
    if (DATA.has(word)) return [word, value]
    if (word === '$ref' && typeof value === 'string') return [word, map(value)]
    if (MAPS.has(word) && isObject(value)) return [word, mapEach(value, map)]
    return [word, mapValue(value, map)]
  })
  return Object.fromEntries(entries) as JsonObject
}

function mapEach(schemas: JsonObject, map: (reference: string) => string): JsonObject {
  const entries = Object.entries(schemas).map(([name, value]) => [name, mapValue(value, map)])
  return Object.fromEntries(entries) as JsonObject
}

function mapValue(value: unknown, map: (reference: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each) => mapValue(each, map))
  return isObject(value) ? mapReferences(value, map) : value
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
