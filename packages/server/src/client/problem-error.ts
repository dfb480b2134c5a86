import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'

/** Reads a refusal: its problem document, or what little else it says. */
export async function toRefusal(response: Response): Promise<HeartlineError> {
  const text = await response.text().catch(() => '')
  const { code, detail } = parseProblem(text)
  const { status } = response
  const retryable = status >= 500 || status === 429
  const own = { ...serverErrors.refused, status, retryable }
  if (code === undefined) return new HeartlineError(own, { status })
  return new HeartlineError({ ...own, code, message: detail ?? own.message }, { status })
}

/** The hub's own error in the client's words about a refusal. */
export function toHubError(error: HeartlineError): HeartlineError {
  const { status, code, reason } = error.details
  if (typeof code !== 'string' || code === '') return error
  const own = { ...serverErrors.refused, code, message: String(reason) }
  return new HeartlineError({ ...own, status: Number(status) }, { status }, error)
}

function parseProblem(text: string): { code?: string; detail?: string } {
  try {
    const { code, detail } = JSON.parse(text) as Record<string, unknown>
    return {
      ...(typeof code === 'string' ? { code } : {}),
      ...(typeof detail === 'string' ? { detail } : {}),
    }
  } catch {
    return {}
  }
}
