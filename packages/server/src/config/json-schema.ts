import { z } from 'zod'
import { configSchema } from './schema.ts'

/** The JSON Schema of the configuration file, for editors. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    // How flags are called says nothing to an editor.
    override: ({ jsonSchema }) => {
      for (const name of ['kind', 'flag', 'placeholder', 'secret']) delete jsonSchema[name]
    },
  }) as Record<string, unknown>
  const properties = schema['properties'] as Record<string, unknown>
  properties['$schema'] = { type: 'string', description: 'Address of this schema, for editors.' }
  return schema
}
