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
