import type { SchemaIssue, SchemaResult, StandardSchema } from '@heartline/wire'

/** What may be given to a schema. */
export type SchemaInput<Schema extends StandardSchema> = NonNullable<
  Schema['~standard']['types']
>['input']

/** What comes out of it. */
export type SchemaOutput<Schema extends StandardSchema> = NonNullable<
  Schema['~standard']['types']
>['output']

/** Schemas of arktype are functions. */
export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const standard = (value as Partial<StandardSchema>)['~standard']
  return standard?.version === 1 && typeof standard.validate === 'function'
}

export function isResult(value: unknown): value is SchemaResult {
  if (typeof value !== 'object' || value === null) return false
  const { issues } = value as { readonly issues?: unknown }
  return issues === undefined ? 'value' in value : Array.isArray(issues)
}

/** Whether a schema, or what follows from it, is not done yet. */
export function isLater<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** Where an issue is: `bids[0].price`; `''` for the value as a whole. */
export function pathOf({ path = [] }: SchemaIssue): string {
  let text = ''
  for (const segment of path) {
    const key = typeof segment === 'object' ? segment.key : segment
    if (typeof key === 'number') text += `[${key}]`
    else text += text === '' ? String(key) : `.${String(key)}`
  }
  return text
}
