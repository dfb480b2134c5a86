import { brokerErrors } from '@heartline/broker'
import { HeartlineError, type ErrorDetails } from '@heartline/wire'

/** What the upstream says when it refuses. */
export interface UpstreamProblem {
  /** Undefined when it is not a hub that says it, but a proxy before it. */
  readonly code: string | undefined
  readonly detail: string
  readonly details: ErrorDetails
}

/** Errors that mean the same here as at the upstream. `closed` does not: this relay is open. */
const SHARED = [
  brokerErrors.unavailable,
  brokerErrors.ambiguous,
  brokerErrors.expired,
  brokerErrors.tooLarge,
  brokerErrors.throttled,
  brokerErrors.storageFull,
]
const BODY_TOO_LARGE = 'HL_BODY_TOO_LARGE'
const DETAILS = ['reason', 'after', 'base', 'bytes', 'maxBytes', 'maxPending'] as const

/** The broker error for a problem of the upstream. */
export function toBrokerError({ code, detail, details }: UpstreamProblem): HeartlineError {
  const shared = SHARED.find((entry) => entry.code === code)
  if (shared !== undefined) return new HeartlineError(shared, details)
  if (code === BODY_TOO_LARGE) {
    return new HeartlineError(brokerErrors.tooLarge, { ...details, bytes: 'more' })
  }
  return unavailable(`the upstream says: ${describeProblem({ code, detail })}`)
}

/** `HL_CODE: sentence`. */
export function describeProblem({
  code,
  detail,
}: Pick<UpstreamProblem, 'code' | 'detail'>): string {
  return code === undefined ? detail : `${code}: ${detail}`
}

/** Reads the answer of a refusal. */
export function readProblem(status: number, text: string): UpstreamProblem {
  try {
    return toProblem(JSON.parse(text), `status ${status}`)
  } catch {
    return toProblem(undefined, `status ${status}`)
  }
}

/** Reads a problem document. */
export function toProblem(
  value: unknown,
  fallback = 'a refusal without a reason',
): UpstreamProblem {
  const problem = (value ?? {}) as Readonly<Record<string, unknown>>
  const { code, detail } = problem
  const details: Record<string, string | number> = {}
  for (const name of DETAILS) {
    const given = problem[name]
    if (typeof given === 'string' || typeof given === 'number') details[name] = given
  }
  return {
    code: typeof code === 'string' ? code : undefined,
    detail: typeof detail === 'string' ? detail : fallback,
    details,
  }
}

/** `HL_BROKER_UNAVAILABLE` with a reason. */
export function unavailable(reason: string): HeartlineError {
  return new HeartlineError(brokerErrors.unavailable, { reason })
}
