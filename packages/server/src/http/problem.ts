import { PROBLEM_TYPE, type Problem } from '@heartline/hub'
import { serverErrors } from '../errors.ts'

/** Headers that belong to a problem's status. */
export function problemHeaders(problem: Problem, random: () => number): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': PROBLEM_TYPE,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
  if (problem.status === 401) headers['www-authenticate'] = challenge(problem.code)
  if (problem.status === 405) headers['allow'] = String(problem['allow'] ?? '')
  // Jittered, so that those who were refused together do not come back together.
  if (problem.status === 503 || (problem.retryable && problem.status !== 500)) {
    headers['retry-after'] = String(1 + Math.floor(random() * 5))
  }
  return headers
}

/** RFC 6750, section 3.1: without credentials the challenge names no error. */
function challenge(code: string): string {
  if (code === serverErrors.authRequired.code) return 'Bearer realm="heartline"'
  return 'Bearer realm="heartline", error="invalid_token"'
}
