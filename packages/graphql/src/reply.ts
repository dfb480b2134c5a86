import { HeartlineError } from '@heartline/wire'
import type { ExecutionResult } from 'graphql'
import type { MediaType } from './accept.ts'
import { toError } from './errors.ts'
import type { Reply } from './exchange.ts'

/** Anything with a message that clients may read. */
export interface VisibleError {
  readonly message: string
}

/** What is sent of an error: never more than it says of itself. */
export interface ErrorMember {
  readonly message: string
  readonly extensions?: Readonly<Record<string, unknown>>
}

/** Hooks throw it; two copies of `graphql` have two classes of it. */
function isGraphqlError(error: unknown): error is VisibleError & { toJSON?: () => ErrorMember } {
  return error instanceof Error && error.name === 'GraphQLError'
}

/** What clients are told of something that was thrown. What says nothing of itself stays hidden. */
export function toErrorMember(
  error: unknown,
  report: (error: unknown) => void,
  hidden: HeartlineError = toError('internal'),
): ErrorMember {
  if (isGraphqlError(error)) return toWritable(error, report)
  if (error instanceof HeartlineError) {
    // Clients are not told what was behind it.
    if (error.cause !== undefined) report(error)
    return memberOf(error)
  }
  report(error)
  return memberOf(hidden)
}

/** Extensions may hold anything: what JSON cannot say is left out. */
function toWritable(
  error: VisibleError & { toJSON?: () => ErrorMember },
  report: (error: unknown) => void,
): ErrorMember {
  const { message } = error
  try {
    const member = error.toJSON?.() ?? { message }
    JSON.stringify(member)
    return member
  } catch {
    report(error)
    return { message }
  }
}

function memberOf(error: HeartlineError): ErrorMember {
  return { message: error.message, extensions: { code: error.code } }
}

/** The answer to a request that was refused. */
export function refusal(
  error: unknown,
  type: MediaType | undefined,
  report: (error: unknown) => void,
): Reply {
  const status = error instanceof HeartlineError ? error.status : isGraphqlError(error) ? 400 : 500
  const member = toErrorMember(error, report)
  return jsonReply({ errors: [member] }, { status, type, headers: headersOf(error, status) })
}

function headersOf(error: unknown, status: number): Record<string, string> {
  const { allow } = error instanceof HeartlineError ? error.details : {}
  return {
    ...(typeof allow === 'string' ? { Allow: allow } : {}),
    ...(status === 503 || status === 429 ? { 'Retry-After': '2' } : {}),
  }
}

interface JsonReplyOptions {
  readonly status: number
  readonly type: MediaType | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** A result as the answer to a request. `type` is what was asked for; streams are told in JSON. */
export function jsonReply(
  result: ExecutionResult | { errors: readonly VisibleError[] },
  { status, type, headers }: JsonReplyOptions,
): Reply {
  const mediaType = type === 'application/graphql-response+json' ? type : 'application/json'
  return {
    status,
    headers: { ...BASE, 'Content-Type': `${mediaType}; charset=utf-8`, ...headers },
    body: JSON.stringify(result),
  }
}

/** What is not a result: a token, or nothing. */
export function textReply(status: number, body: string = ''): Reply {
  return { status, headers: { ...BASE, 'Content-Type': 'text/plain; charset=utf-8' }, body }
}

const BASE = { 'Cache-Control': 'no-store' }
