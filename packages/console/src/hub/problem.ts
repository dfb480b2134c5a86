/** Why the hub, or the way to it, refused a request. */
export interface Problem {
  /** 0 when no answer came. */
  readonly status: number
  readonly title: string
  readonly detail: string
  /** The hub's stable code, `''` when something else answered. */
  readonly code: string
}

/** Reads a problem document, and makes do when a proxy answered with something else. */
export async function readProblem(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => '')
  const fields = toRecord(text)
  return {
    status: response.status,
    title: toText(fields['title']) || response.statusText || `HTTP ${response.status}`,
    detail: toText(fields['detail']) || (fields['code'] === undefined ? text.slice(0, 300) : ''),
    code: toText(fields['code']),
  }
}

/** A request that got no answer at all. */
export function unreachable(error: unknown): Problem {
  const detail = error instanceof Error ? error.message : String(error)
  return { status: 0, title: 'No answer', detail, code: '' }
}

/** Parses JSON text into a record; anything else is an empty one. */
function toRecord(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
