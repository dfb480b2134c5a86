/**
 * The field names at the start of a line, letter by letter: in the inner loop of the parser this
 * is several times faster than `startsWith`. The caller has looked at the first letter.
 */
const SPACE = 0x20
const COLON = 0x3a
const LETTER_D = 0x64
const LETTER_E = 0x65

/** One space after the colon is not part of the value. */
export function valueStart(text: string, afterColon: number): number {
  return text.charCodeAt(afterColon) === SPACE ? afterColon + 1 : afterColon
}

export function isDataField(text: string, at: number): boolean {
  return (
    text.charCodeAt(at + 1) === 0x61 &&
    text.charCodeAt(at + 2) === 0x74 &&
    text.charCodeAt(at + 3) === 0x61 &&
    text.charCodeAt(at + 4) === COLON
  )
}

export function isEventField(text: string, at: number): boolean {
  return (
    text.charCodeAt(at + 1) === 0x76 &&
    text.charCodeAt(at + 2) === LETTER_E &&
    text.charCodeAt(at + 3) === 0x6e &&
    text.charCodeAt(at + 4) === 0x74 &&
    text.charCodeAt(at + 5) === COLON
  )
}

export function isIdField(text: string, at: number): boolean {
  return text.charCodeAt(at + 1) === LETTER_D && text.charCodeAt(at + 2) === COLON
}
