import type { SchemaPair } from '../define-events.ts'
import type { StandardSchema } from '@heartline/wire'
import { wireSchema } from './json-schema.ts'
import type { JsonObject, ToJsonSchema } from './options.ts'
import { isObject, mapReferences } from './references.ts'

const PREFIX = '#/components/schemas/'

/** The schemas that a description refers to, each once. */
export class Components {
  readonly schemas: Record<string, JsonObject> = {}
  readonly #toJsonSchema: ToJsonSchema | undefined
  readonly #taken: Set<string>
  /** By the schema of readers, for events with one schema and for those with two. */
  readonly #known = {
    one: new Map<StandardSchema, JsonObject>(),
    two: new Map<StandardSchema, JsonObject>(),
  }

  /** `taken` are names that the rest of the description uses. */
  constructor(toJsonSchema: ToJsonSchema | undefined, taken: Iterable<string> = []) {
    this.#toJsonSchema = toJsonSchema
    this.#taken = new Set(taken)
  }

  /** A reference to the schema of an event's data. */
  data(type: string, pair: SchemaPair): JsonObject {
    const all = pair.send === pair.receive ? this.#known.one : this.#known.two
    const known = all.get(pair.receive)
    if (known !== undefined) return known
    const schema = wireSchema(type, pair, this.#toJsonSchema)
    const reference = this.#add(type, schema)
    all.set(pair.receive, reference)
    return reference
  }

  /** Adds a schema under a name like the one that is wanted. */
  add(wanted: string, schema: JsonObject): JsonObject {
    const name = this.#take(wanted)
    this.schemas[name] = schema
    return { $ref: PREFIX + name }
  }

  /** What a schema defines for itself becomes a component of its own. */
  #add(type: string, { $defs, ...schema }: JsonObject): JsonObject {
    const own = this.#take(type)
    const definitions = isObject($defs) ? Object.entries($defs) : []
    const names = new Map(definitions.map(([name]) => [name, this.#take(`${own}.${name}`)]))
    const map = (reference: string): string => {
      const [, name = '', rest = ''] = /^#\/\$defs\/([^/]+)(.*)$/.exec(reference) ?? []
      const moved = names.get(unescape(name))
      if (moved !== undefined) return PREFIX + moved + rest
      return /^#(\/|$)/.test(reference) ? PREFIX + own + reference.slice(1) : reference
    }
    this.schemas[own] = mapReferences(schema, map)
    for (const [name, definition] of definitions) {
      const moved = names.get(name)
      if (moved !== undefined && isObject(definition)) {
        this.schemas[moved] = mapReferences(definition, map)
      }
    }
    return { $ref: PREFIX + own }
  }

  /** Names of components are letters, digits and `._-`. */
  #take(wanted: string): string {
    const base = wanted.replaceAll(/[^A-Za-z0-9._-]|^__proto__$/g, '_')
    let name = base
    for (let count = 2; this.#taken.has(name); count += 1) name = `${base}-${count}`
    this.#taken.add(name)
    return name
  }
}

/** A name inside a JSON Pointer inside a URI fragment. */
function unescape(part: string): string {
  return decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
}

/** Libraries do not all encode the names that they are given. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
