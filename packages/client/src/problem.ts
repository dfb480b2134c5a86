/** What a refusal says: a problem document (RFC 9457), or what little else there was. */
export interface Problem {
  readonly status: number
  /** The stable code of a Heartline hub, `''` when something else answered. */
  readonly code: string
  readonly title: string
  readonly detail: string
  /** All members of the document; empty when there was none. */
  readonly document: Readonly<Record<string, unknown>>
}

/** A refusal longer than this is not read on: it is no problem document. */
const MAX_BYTES = 65_536
const EXCERPT = 200

/** Reads what a refusal says, within bounds. Rejects when the connection breaks. */
export async function readProblem(response: Response): Promise<Problem> {
  const text = await readStart(response)
  const document = parseRecord(text)
  const title = toText(document['title'])
  const code = toText(document['code'])
  const isDocument = title !== '' || code !== ''
  return {
    status: response.status,
    code,
    title: title || response.statusText,
    detail: toText(document['detail']) || (isDocument ? '' : text.slice(0, EXCERPT)),
    document,
  }
}

async function readStart(response: Response): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (text.length < MAX_BYTES) {
    const { value, done } = await reader.read()
    if (done) return text
    text += decoder.decode(value, { stream: true })
  }
  void reader.cancel().catch(() => {})
  return text
}

/** Parses JSON text into a record; anything else is an empty one. */
function parseRecord(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return Object(value) === value ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
