import http from 'node:http'
import http2 from 'node:http2'
import { Received } from '../../packages/session/test/kit/reader.ts'

export interface Ask {
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Never reads. */
  readonly isPaused?: boolean
}

interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** One request as a browser would send it: from another origin, taking gzip. */
export class Client {
  readonly received = new Received()
  readonly head: Promise<Head>
  isFinished = false
  isGone = false
  leave: () => void = () => {}

  constructor(version: 1 | 2, port: number, ask: Ask = {}) {
    this.head = new Promise((resolve, reject) => {
      const { path = '/stream', method = 'GET', body, isPaused = false } = ask
      const headers = {
        accept: 'text/event-stream',
        'accept-encoding': 'gzip, deflate, br',
        origin: 'http://shop.example',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...ask.headers,
      }
      const given = { port, path, method, headers, body, isPaused, resolve, reject }
      if (version === 1) this.#connect1(given)
      else this.#connect2(given)
    })
    this.head.catch(() => undefined)
  }

  get data(): string[] {
    return this.received.events.map(({ data }) => data)
  }

  #connect1({ port, path, method, headers, body, isPaused, resolve, reject }: Given): void {
    const agent = new http.Agent({ keepAlive: true })
    const request = http.request({ host: '127.0.0.1', port, path, method, headers, agent })
    request.on('response', (response) => {
      resolve({ status: response.statusCode ?? 0, headers: flat(response.headers) })
      if (!isPaused) response.on('data', (chunk: Buffer) => this.received.take(chunk))
      response.on('error', () => undefined)
      response.on('end', () => (this.isFinished = true))
      response.on('close', () => (this.isGone = true))
    })
    request.on('error', (error) => {
      this.isGone = true
      reject(error)
    })
    this.leave = () => {
      request.destroy()
      agent.destroy()
    }
    request.end(body)
  }

  #connect2({ port, path, method, headers, body, isPaused, resolve, reject }: Given): void {
    const connection = http2.connect(`http://127.0.0.1:${port}`)
    connection.on('error', reject)
    const stream = connection.request({ ':path': path, ':method': method, ...headers })
    stream.on('response', (found) => {
      resolve({ status: Number(found[':status']), headers: flat(found) })
    })
    if (!isPaused) stream.on('data', (chunk: Buffer) => this.received.take(chunk))
    stream.on('error', reject)
    stream.on('end', () => (this.isFinished = stream.rstCode === 0))
    stream.on('close', () => (this.isGone = true))
    this.leave = () => {
      stream.close(http2.constants.NGHTTP2_CANCEL)
      connection.destroy()
    }
    stream.end(body)
  }
}

interface Given {
  readonly port: number
  readonly path: string
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: string | undefined
  readonly isPaused: boolean
  readonly resolve: (head: Head) => void
  readonly reject: (error: unknown) => void
}

function flat(headers: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

/** Request after request on one connection. */
export class Again {
  readonly #version: 1 | 2
  readonly #port: number
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  readonly #connection: http2.ClientHttp2Session | undefined

  constructor(version: 1 | 2, port: number) {
    this.#version = version
    this.#port = port
    if (version === 2) this.#connection = http2.connect(`http://127.0.0.1:${port}`)
  }

  /** Reads a stream to its end. */
  read(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#version === 2) {
        const stream = this.#connection!.request({ ':path': path })
        stream.on('error', reject).on('close', resolve).resume()
        return
      }
      const options = { host: '127.0.0.1', port: this.#port, path, agent: this.#agent }
      const request = http.get(options, (response) => {
        response.on('error', reject).on('end', resolve).resume()
      })
      request.on('error', reject)
    })
  }

  end(): void {
    this.#agent.destroy()
    this.#connection?.destroy()
  }
}
