import { HeartlineError } from '@heartline/wire'

/** Reads a refusal: its problem document, or what little else it says. */
export async function toRefusal(response: Response): Promise<HeartlineError> {
  const text = await response.text().catch(() => '')
  const { code, detail } = parseProblem(text)
  const message = detail ?? `The hub answered with status ${response.status}.`
  return new HeartlineError({
    code: code ?? 'HL_HUB_REFUSED',
    message,
    status: response.status,
    fault: response.status < 500 ? 'caller' : 'server',
    retryable: response.status >= 500 || response.status === 429,
  })
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
