import { Buffer } from 'node:buffer'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { Duplex } from 'node:stream'

/** What node:http makes of one request. */
export interface NodeReading {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** A connection in memory that takes what it is told and swallows what is answered. */
class MemorySocket extends Duplex {
  override _read(): void {}
  override _write(_: unknown, __: string, done: () => void): void {
    done()
  }
  setTimeout(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  destroySoon(): void {
    this.destroy()
  }
}

/** A real server of node:http, fed without a network. */
export class NodeReader {
  readonly #server: Server
  #readings: NodeReading[] = []
  #pending: Promise<unknown>[] = []

  constructor(maxHeaderSize: number) {
    this.#server = createServer({ maxHeaderSize, insecureHTTPParser: false })
    this.#server.on('request', (request, response) => {
      const chunks: Buffer[] = []
      const { method = '', url = '', headers } = request
      this.#pending.push(
        new Promise<void>((resolve) => {
          request.on('data', (chunk: Buffer) => chunks.push(chunk))
          request.on('end', () => {
            this.#readings.push({ method, url, headers, body: Buffer.concat(chunks) })
            response.end()
            resolve()
          })
          request.on('close', resolve)
        }),
      )
    })
    this.#server.on('clientError', (_, socket) => socket.destroy())
  }

  /** All requests in these bytes, up to the first that is none. */
  async read(bytes: Buffer): Promise<NodeReading[]> {
    this.#readings = []
    this.#pending = []
    const socket = new MemorySocket()
    socket.on('error', () => {})
    this.#server.emit('connection', socket)
    socket.push(bytes)
    await new Promise((resolve) => setImmediate(resolve))
    await Promise.all(this.#pending)
    socket.destroy()
    return this.#readings
  }
}
