/** The bytes of a request head, by what they may be part of (RFC 9110, 5.5 and 5.6.2; RFC 9112, 3). */

export const CR = 0x0d
export const LF = 0x0a
export const SP = 0x20
export const TAB = 0x09
export const COLON = 0x3a
const HASH = 0x23

/** The lower-case form of what may stand in a header name; 0 for all other bytes. */
export const NAME_BYTE: Uint8Array = tableOf((code) => {
  const char = String.fromCharCode(code)
  return /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(char) ? char.toLowerCase().charCodeAt(0) : 0
})

/** 1 for what may stand in a header value. Bytes from 0x80 on are left to node:http. */
export const VALUE_BYTE: Uint8Array = tableOf((code) =>
  code === TAB || (code >= SP && code < 0x7f) ? 1 : 0,
)

/** 1 for what may stand in a target: visible ASCII without `#`, which no client sends. */
export const TARGET_BYTE: Uint8Array = tableOf((code) =>
  code > SP && code < 0x7f && code !== HASH ? 1 : 0,
)

function tableOf(entry: (code: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => entry(code))
}
