import { toChunk } from './chunk.ts'

/**
 * Frames bytes as one HTTP/1.1 chunk, ready for `Session.writeFramed` of a session whose framing
 * is `chunked`. An empty input gives an empty buffer: an empty chunk would end the body.
 */
export function frameChunk(bytes: Uint8Array): Buffer {
  const chunk = toChunk(bytes)
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
