import { brokerErrors } from '@heartline/broker'
import { HeartlineError, type ErrorDetails } from '@heartline/wire'

type Problem = Readonly<Record<string, unknown>>

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

/** The broker error for a problem document of the upstream. */
export function toBrokerError(problem: Problem): HeartlineError {
  const code = String(problem['code'] ?? '')
  const shared = SHARED.find((entry) => entry.code === code)
  if (shared !== undefined) return new HeartlineError(shared, toDetails(problem))
  if (code === BODY_TOO_LARGE) {
    return new HeartlineError(brokerErrors.tooLarge, { ...toDetails(problem), bytes: 'more' })
  }
  const reason = `the upstream says ${code} ${String(problem['detail'] ?? '')}`.trim()
  return new HeartlineError(brokerErrors.unavailable, { reason })
}

/** The problem in an answer; of one without a document, its status. */
export function toProblem(status: number, text: string): Problem {
  try {
    const problem: unknown = JSON.parse(text)
    if (typeof problem === 'object' && problem !== null && 'code' in problem) {
      return problem as Problem
    }
  } catch {
    // Not from a hub: a proxy's page.
  }
  return { detail: `status ${status}` }
}

function toDetails(problem: Problem): ErrorDetails {
  const { reason, after, base, bytes, maxBytes, maxPending } = problem as Record<string, never>
  return { reason, after, base, bytes, maxBytes, maxPending }
}

/** `HL_BROKER_UNAVAILABLE` with a reason. */
export function unavailable(reason: string): HeartlineError {
  return new HeartlineError(brokerErrors.unavailable, { reason })
}
