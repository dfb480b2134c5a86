import { request, type Agent, type IncomingHttpHeaders } from 'node:http'

export interface HttpCallOptions {
  readonly method?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Uint8Array | undefined
  readonly agent?: Agent | undefined
  /** Default 20,000. */
  readonly timeoutMs?: number | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** One request, its whole answer. Rejects when the connection fails or the time is over. */
export function httpCall(url: string, options: HttpCallOptions = {}): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body, agent, timeoutMs = 20_000 } = options
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const call = request(url, { method, headers: { ...length, ...headers }, agent })
    const timer = setTimeout(
      () => call.destroy(new Error(`No answer in ${timeoutMs} ms`)),
      timeoutMs,
    )
    const fail = (error: Error): void => {
      clearTimeout(timer)
      reject(error)
    }
    call.on('error', fail)
    call.on('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', fail)
      response.on('end', () => {
        clearTimeout(timer)
        const text = Buffer.concat(parts).toString()
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      })
    })
    call.end(body)
  })
}

export function postJson(
  url: string,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  const body = typeof value === 'string' ? value : JSON.stringify(value)
  return httpCall(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}
