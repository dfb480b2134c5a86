import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import { locateJsonError } from './json-error.ts'

/**
 * Deeper JSON is refused. The parser itself takes any depth, but writing a value of 10,000 levels
 * as text again overflows the stack.
 */
const MAX_JSON_DEPTH = 64

/** Parses JSON. Throws `HL_JSON_INVALID` with the position, `HL_JSON_TOO_DEEP`. */
export function parseJson(text: string): unknown {
  if (!isShallow(text)) {
    throw new HeartlineError(serverErrors.jsonTooDeep, { max: MAX_JSON_DEPTH })
  }
  try {
    return JSON.parse(text)
  } catch {
    // The engine's message quotes the text, which does not belong into an answer or a log.
    throw new HeartlineError(serverErrors.jsonInvalid, { ...locateJsonError(text) })
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** One pass over the text; brackets inside strings do not count. */
function isShallow(text: string): boolean {
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) index = endOfString(text, index)
    else if (code === 0x5b || code === 0x7b) depth++
    else if (code === 0x5d || code === 0x7d) depth--
    if (depth > MAX_JSON_DEPTH) return false
  }
  return true
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end < 0 ? text.length : end
}

function isEscaped(text: string, index: number): boolean {
  let slashes = 0
  while (text.charCodeAt(index - 1 - slashes) === BACKSLASH) slashes++
  return slashes % 2 === 1
}
