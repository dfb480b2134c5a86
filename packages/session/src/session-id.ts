const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** 22 characters of 6 bits: 132 bits, more than a UUID. */
const LENGTH = 22
/** One call of the system's generator serves this many ids. */
const POOL = new Uint8Array(LENGTH * 64)
let used = POOL.length

/** An unguessable, URL-safe id. */
export function randomSessionId(): string {
  if (used === POOL.length) {
    crypto.getRandomValues(POOL)
    used = 0
  }
  let id = ''
  for (const byte of POOL.subarray(used, used + LENGTH)) id += ALPHABET[byte & 63]
  used += LENGTH
  return id
}
