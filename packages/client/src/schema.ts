import type { StandardSchema as AnySchema } from '@heartline/wire'
import { reasonOf } from './errors.ts'

/** A schema that answers `Output`, whatever it takes. */
export type StandardSchema<Output = unknown> = AnySchema<unknown, Output>

/** The data of an event, or why it is not valid. */
export type Checked =
  | { readonly data: unknown; readonly problem?: undefined }
  | { readonly problem: string }

/** Checks a value. Never rejects: a schema may throw. */
export async function check(schema: StandardSchema, value: unknown): Promise<Checked> {
  try {
    const result = await schema['~standard'].validate(value)
    // What is no answer of a schema throws here.
    return 'value' in result && result.issues === undefined
      ? { data: result.value }
      : { problem: result.issues.map(({ message }) => message).join('; ') }
  } catch (thrown) {
    return { problem: reasonOf(thrown) }
  }
}

/**
 * Reads the text of an event's data. `auto`: JSON when it is, else text, as hubs send what was
 * published; `json`: anything else is a problem; `text`: as it is.
 */
export function decodeData(text: string, kind: 'auto' | 'json' | 'text'): Checked {
  try {
    if (kind !== 'text') return { data: JSON.parse(text) as unknown }
  } catch (thrown) {
    if (kind === 'json') return { problem: reasonOf(thrown) }
  }
  return { data: text }
}
