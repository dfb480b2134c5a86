import http2 from 'node:http2'
import { onTestFinished } from 'vitest'

/** As much of `fetch` as clients of GraphQL use, over one HTTP/2 connection. */
export function http2Fetch(url: string): typeof fetch {
  const session = http2.connect(new URL(url).origin)
  session.on('error', () => undefined)
  onTestFinished(() => session.destroy())
  return (input, init = {}) => ask(session, input as string, init)
}

function ask(session: http2.ClientHttp2Session, url: string, init: RequestInit): Promise<Response> {
  const { pathname, search } = new URL(url)
  const headers = Object.fromEntries(new Headers(init.headers ?? {}))
  const { method = 'GET', signal, body } = init
  const stream = session.request({
    accept: '*/*',
    ...headers,
    ':method': method,
    ':path': pathname + search,
  })
  stream.end(body === undefined || body === null ? undefined : (body as string))
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      stream.close(http2.constants.NGHTTP2_CANCEL)
      reject(new DOMException('aborted', 'AbortError'))
    }
    if (signal?.aborted === true) return abort()
    signal?.addEventListener('abort', abort, { once: true })
    stream.on('error', reject)
    stream.on('response', (fields) => resolve(toResponse(stream, fields)))
  })
}

function toResponse(
  stream: http2.ClientHttp2Stream,
  fields: Readonly<Record<string, unknown>>,
): Response {
  const headers = Object.entries(fields).filter(([name]) => !name.startsWith(':'))
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        stream.on('data', (chunk: Buffer) => {
          attempt(() => controller.enqueue(new Uint8Array(chunk)))
          if ((controller.desiredSize ?? 0) <= 0) stream.pause()
        })
        stream.on('end', () => attempt(() => controller.close()))
        stream.on('aborted', () => attempt(() => controller.error(new Error('aborted'))))
      },
      pull: () => void stream.resume(),
      cancel: () => stream.close(http2.constants.NGHTTP2_CANCEL),
    },
    { highWaterMark: 65_536, size: (chunk) => chunk?.byteLength ?? 0 },
  )
  const status = Number(fields[':status'])
  return new Response(body, { status, headers: headers as [string, string][] })
}

/** A reader that left has closed it already. */
function attempt(close: () => void): void {
  try {
    close()
  } catch {
    // Nobody reads any more.
  }
}
