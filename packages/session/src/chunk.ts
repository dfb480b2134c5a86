import type { Framing } from './transport.ts'

const encoder = new TextEncoder()
const CR = 13
const LF = 10

/**
 * Frames bytes as one HTTP/1.1 chunk: `hex CRLF bytes CRLF` (RFC 9112, 7.1). An empty input gives
 * an empty output, since an empty chunk would end the body.
 */
export function toChunk(bytes: Uint8Array): Uint8Array {
  const length = bytes.length
  if (length === 0) return bytes
  const hex = length.toString(16)
  const start = hex.length + 2
  const chunk = new Uint8Array(start + length + 2)
  for (let i = 0; i < hex.length; i++) chunk[i] = hex.charCodeAt(i)
  chunk[start - 2] = CR
  chunk[start - 1] = LF
  chunk.set(bytes, start)
  chunk[start + length] = CR
  chunk[start + length + 1] = LF
  return chunk
}

/** Encodes text as UTF-8 (lone surrogates become U+FFFD) and frames it for a transport. */
export function encodeFramed(text: string | Uint8Array, framing: Framing): Uint8Array {
  const bytes = typeof text === 'string' ? encoder.encode(text) : text
  return framing === 'chunked' ? toChunk(bytes) : bytes
}
