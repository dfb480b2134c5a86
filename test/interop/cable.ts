import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

interface Pair {
  readonly client: Socket
  readonly target: Socket
  isMarked: boolean
}

/** What a server is connected by. It can break in the middle of an event, as real ones do. */
export class Cable {
  /** Connections that were cut, so far. */
  cuts = 0
  readonly #targetPort: number
  readonly #server: Server
  readonly #pairs = new Set<Pair>()

  constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server = createServer((client) => this.#accept(client))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** Every connection that is open now passes on half of what it is sent next, then it breaks. */
  cutInside(): void {
    for (const pair of this.#pairs) pair.isMarked = true
  }

  /** Breaks every open connection now. */
  cut(): void {
    for (const { client, target } of this.#pairs) {
      this.cuts++
      client.resetAndDestroy()
      target.destroy()
    }
  }

  async close(): Promise<void> {
    for (const { client, target } of this.#pairs) {
      client.destroy()
      target.destroy()
    }
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(client: Socket): void {
    const target = connect(this.#targetPort, '127.0.0.1')
    const pair = { client, target, isMarked: false }
    this.#pairs.add(pair)
    for (const socket of [client, target]) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => this.#pairs.delete(pair))
    }
    client.on('close', () => target.destroy())
    target.on('close', () => client.destroy())
    client.pipe(target)
    target.on('data', (chunk: Buffer) => this.#pass(pair, chunk))
    target.on('end', () => client.end())
  }

  #pass(pair: Pair, chunk: Buffer): void {
    const { client, target } = pair
    if (client.writableEnded) return
    if (!pair.isMarked) {
      client.write(chunk)
      return
    }
    this.cuts++
    client.end(chunk.subarray(0, chunk.length >> 1))
    target.destroy()
  }
}
