import { reasonOf } from './errors.ts'

/** The part of Standard Schema (zod, valibot, arktype and others) that is used. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
  }
}

/** What a schema says about a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] }

/** The data of an event, or why it is not valid. */
export type Checked =
  | { readonly data: unknown; readonly problem?: undefined }
  | { readonly problem: string }

/** Checks a value. Never rejects: a schema may throw. */
export async function check(schema: StandardSchema, value: unknown): Promise<Checked> {
  try {
    const result = await schema['~standard'].validate(value)
    if (result.issues === undefined) return { data: result.value }
    return { problem: result.issues.map(({ message }) => message).join('; ') }
  } catch (thrown) {
    return { problem: reasonOf(thrown) }
  }
}

/**
 * Reads the text of an event's data. `auto`: JSON when it is, else text, as hubs send what was
 * published; `json`: anything else is a problem; `text`: as it is.
 */
export function decodeData(text: string, kind: 'auto' | 'json' | 'text'): Checked {
  if (kind === 'text') return { data: text }
  try {
    return { data: JSON.parse(text) as unknown }
  } catch (thrown) {
    return kind === 'auto' ? { data: text } : { problem: reasonOf(thrown) }
  }
}
