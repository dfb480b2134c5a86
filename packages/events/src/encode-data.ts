import {
  HeartlineError,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
} from '@heartline/wire'
import type { SchemaPair } from './define-events.ts'
import { dataInvalid, dataNotJson, dataOneWay, reasonOf, schemaFailed } from './errors.ts'
import { isLater, isResult, pathOf } from './standard-schema.ts'

const MOST_ISSUES = 5

/** What became of a value: the text of its data. */
type Encoded = string | Promise<string>

/**
 * Validates a value and answers the JSON of what comes out: at once, or later when a schema needs
 * time. With `verify` the schema of readers has to take that JSON, and where it is the same schema,
 * to give the same again.
 */
export function encodeData(
  type: string,
  value: unknown,
  pair: SchemaPair,
  verify: boolean,
): Encoded {
  return follow(validate(pair.send, value, type), (result) => {
    if (result.issues !== undefined) throw invalid(type, result.issues)
    const text = toJson(type, result.value)
    return verify ? verified(type, text, pair) : text
  })
}

/** What the schema of an error `HL_EVENTS_DATA_INVALID` or `HL_EVENTS_DATA_ONE_WAY` found. */
export function issuesOf(error: unknown): readonly SchemaIssue[] {
  const cause = error instanceof HeartlineError ? error.cause : undefined
  const { issues } = (cause ?? {}) as { issues?: readonly SchemaIssue[] }
  return Array.isArray(issues) ? issues : []
}

function verified(type: string, text: string, { send, receive }: SchemaPair): Encoded {
  return follow(validate(receive, JSON.parse(text) as unknown, type), (result) => {
    if (result.issues !== undefined) {
      throw oneWay(type, `their schema says ${describe(result.issues)}`, result.issues)
    }
    if (send === receive && toJson(type, result.value) !== text) {
      throw oneWay(type, 'the schema makes something else of it a second time')
    }
    return text
  })
}

function validate(
  schema: StandardSchema,
  value: unknown,
  type: string,
): SchemaResult | Promise<SchemaResult> {
  const failed = (thrown: unknown): never => {
    throw new HeartlineError(schemaFailed, { type, reason: reasonOf(thrown) }, thrown)
  }
  try {
    const result = schema['~standard'].validate(value)
    return isLater(result) ? Promise.resolve(result).then(checked).catch(failed) : checked(result)
  } catch (thrown) {
    return failed(thrown)
  }
}

/** Schemas may be anybody's: what is no answer is no yes. */
function checked(result: SchemaResult): SchemaResult {
  if (isResult(result)) return result
  throw new TypeError('it answered with no result of Standard Schema v1')
}

function toJson(type: string, value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value) as string | undefined
  } catch (thrown) {
    throw new HeartlineError(dataNotJson, { type, reason: reasonOf(thrown) }, thrown)
  }
  if (text !== undefined) return text
  throw new HeartlineError(dataNotJson, { type, reason: `it is ${typeof value}` })
}

function follow(
  result: SchemaResult | Promise<SchemaResult>,
  judge: (result: SchemaResult) => Encoded,
): Encoded {
  return isLater(result) ? result.then(judge) : judge(result)
}

function invalid(type: string, issues: readonly SchemaIssue[]): HeartlineError {
  const [first] = issues
  const path = first === undefined ? '' : pathOf(first)
  return new HeartlineError(dataInvalid, { type, reason: describe(issues), path }, { issues })
}

function oneWay(type: string, reason: string, issues: readonly SchemaIssue[] = []): HeartlineError {
  return new HeartlineError(dataOneWay, { type, reason }, { issues })
}

/** Long lists are cut: a value may be wrong in a million places. */
function describe(issues: readonly SchemaIssue[]): string {
  const lines = issues.slice(0, MOST_ISSUES).map((issue) => {
    const path = pathOf(issue)
    return path === '' ? issue.message : `${path}: ${issue.message}`
  })
  if (issues.length > MOST_ISSUES) lines.push(`and ${issues.length - MOST_ISSUES} more`)
  return lines.join('; ') || 'its schema gives no reason'
}
