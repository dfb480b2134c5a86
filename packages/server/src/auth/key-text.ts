import { createPublicKey } from 'node:crypto'

/**
 * Says why a text cannot be a shared secret: it is a key or certificate that others know. Whoever
 * takes a public key as an HMAC secret lets everybody sign tokens.
 */
export function notASecret(text: string): string | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return 'it is empty'
  if (trimmed.includes('-----BEGIN'))
    return `it is a PEM ${/CERT/.test(trimmed) ? 'certificate' : 'key'}, not a shared secret`
  if (/^(ssh-(rsa|ed25519|dss)|ecdsa-sha2-)\S* /.test(trimmed)) return 'it is an SSH public key'
  if (isJsonWebKey(trimmed)) return 'it is a JSON Web Key, not a shared secret; use jwksFile'
  if (isDerKey(trimmed)) return 'it is a public key in DER form, not a shared secret'
  return undefined
}

function isJsonWebKey(text: string): boolean {
  if (!text.startsWith('{')) return false
  try {
    const value = JSON.parse(text) as Record<string, unknown>
    return 'kty' in value || 'keys' in value
  } catch {
    return false
  }
}

function isDerKey(text: string): boolean {
  // "MI" is how the base64 of every DER sequence longer than 127 bytes begins; short keys: "MC", "MF".
  if (!/^M[A-Za-z0-9+/_-]{30,}={0,2}$/.test(text)) return false
  const key = Buffer.from(text, 'base64')
  for (const type of ['spki', 'pkcs1'] as const) {
    try {
      createPublicKey({ key, format: 'der', type })
      return true
    } catch {
      // Not this form.
    }
  }
  return false
}
