import { isUtf8 } from 'node:buffer'
import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import type { Exchange } from './exchange.ts'
import { parseJson } from './json.ts'
import { parseMediaType } from './media-type.ts'
import type { RequestView } from './request-view.ts'

/** How much a body may be, and how long it may take. */
export interface BodyLimits {
  readonly maxBytes: number
  readonly timeoutMs: number
}

/**
 * Checks that a body has one of the types and no encoding, and returns its type. Throws
 * `HL_CONTENT_TYPE`, `HL_CONTENT_ENCODING`.
 */
export function requireType(request: RequestView, types: readonly string[]): string {
  const { type, charset } = parseMediaType(request.header('content-type'))
  const isUtf8 = charset === undefined || charset === 'utf-8' || charset === 'utf8'
  if (!types.includes(type) || !isUtf8) {
    const allowed = `${types.join(' or ')}${isUtf8 ? '' : ' in UTF-8'}`
    throw new HeartlineError(serverErrors.contentType, { allowed })
  }
  const encoding = request.header('content-encoding')
  // A few compressed kilobytes can become gigabytes.
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new HeartlineError(serverErrors.contentEncoding)
  }
  return type
}

/** Reads a JSON body. Rejects with `HL_BODY_*`, `HL_UTF8_INVALID`, `HL_JSON_*`. */
export async function readJson(exchange: Exchange, limits: BodyLimits): Promise<unknown> {
  return parseJson(decodeUtf8(await readBody(exchange, limits)))
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/**
 * Decodes bytes, without a byte order mark. Throws `HL_UTF8_INVALID` instead of replacing what is
 * broken.
 */
export function decodeUtf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new HeartlineError(serverErrors.utf8Invalid)
  const hasMark = BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte)
  return bytes.toString('utf8', hasMark ? BYTE_ORDER_MARK.length : 0)
}

/** Reads a whole body, and never holds more than the limit. */
async function readBody(exchange: Exchange, limits: BodyLimits): Promise<Buffer> {
  const tooLarge = (): HeartlineError =>
    new HeartlineError(serverErrors.bodyTooLarge, { maxBytes: limits.maxBytes })
  if (Number(exchange.header('content-length') ?? 0) > limits.maxBytes) throw tooLarge()
  const deadline = performance.now() + limits.timeoutMs
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of readChunks(exchange, () => deadline - performance.now())) {
    size += chunk.byteLength
    if (size > limits.maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

/** Lets someone else end the wait for the next chunk. */
export interface ChunkWait {
  /** Set while a chunk is waited for: the loop over the chunks throws the error. */
  interrupt?: ((error: unknown) => void) | undefined
}

/**
 * Yields a body as it arrives. Leaving the loop early does not destroy the request, so that an
 * answer can still be sent. Throws `HL_BODY_TIMEOUT`, `HL_BODY_ABORTED`.
 */
export async function* readChunks(
  exchange: Exchange,
  patienceMs: () => number,
  wait: ChunkWait = {},
): AsyncGenerator<Buffer, void, undefined> {
  exchange.invite()
  const iterator = exchange.request.iterator({ destroyOnReturn: false })
  for (;;) {
    const ms = patienceMs()
    const next = iterator.next() as Promise<IteratorResult<Buffer>>
    const result = await withDeadline(next, ms, wait)
    if (result.done === true) break
    yield result.value
  }
  // A client that leaves in the middle of its body looks like the end of it on HTTP/2.
  if (!exchange.request.complete) throw new HeartlineError(serverErrors.bodyAborted)
}

async function withDeadline<Value>(
  promise: Promise<Value>,
  ms: number,
  wait: ChunkWait,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const expire = (): void => reject(new HeartlineError(serverErrors.bodyTimeout))
    timer = setTimeout(expire, Math.max(0, ms))
    wait.interrupt = reject
  })
  try {
    return await Promise.race([promise.catch(toAborted), late])
  } finally {
    clearTimeout(timer)
    wait.interrupt = undefined
  }
}

function toAborted(cause: unknown): never {
  throw new HeartlineError(serverErrors.bodyAborted, {}, cause)
}
