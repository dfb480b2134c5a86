import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { wholeBetween, type Random } from './random.ts'

/** How a connection is cut. */
export type Cut =
  /** Accepted and closed without a byte. */
  | 'refused'
  /** Inside the request, so that the hub sees half of it. */
  | 'request'
  /** After a drawn number of bytes of the answer, with FIN. */
  | 'fin'
  /** The same, with RST: bytes on their way are lost. */
  | 'rst'
  /** Between two bytes of one UTF-8 character. */
  | 'character'
  /** Inside a line of an event. */
  | 'frame'
  /** Goes silent for a while before it is cut. */
  | 'silence'

const CUTS: readonly Cut[] = ['refused', 'request', 'fin', 'rst', 'character', 'frame', 'silence']
const DATA_FIELD = Buffer.from('\ndata:')
const SILENCE_MS = 300

export interface CuttingProxyOptions {
  readonly targetPort: number
  readonly random: Random
  /** A connection is cut after 1 to so many bytes of the answer. */
  readonly maxBytes: number
}

/** A TCP proxy that cuts every connection sooner or later, until it is healed. */
export class CuttingProxy {
  readonly cuts: Record<Cut, number>
  connections = 0
  isHealed = false
  readonly #options: CuttingProxyOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(options: CuttingProxyOptions) {
    this.#options = options
    this.cuts = Object.fromEntries(CUTS.map((cut) => [cut, 0])) as Record<Cut, number>
    this.#server = createServer({ allowHalfOpen: false }, (socket) => this.#accept(socket))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get cutCount(): number {
    return Object.values(this.cuts).reduce((sum, count) => sum + count, 0)
  }

  async listen(port = 0): Promise<void> {
    this.#server.listen(port, '127.0.0.1', 4096)
    await once(this.#server, 'listening')
  }

  /** From now on new connections are left alone. Open ones still meet their fate. */
  heal(): void {
    this.isHealed = true
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(client: Socket): void {
    this.connections++
    this.#keep(client)
    const cut = this.isHealed ? undefined : this.#draw()
    if (cut === 'refused') {
      this.cuts.refused++
      client.destroy()
      return
    }
    const target = connect(this.#options.targetPort, '127.0.0.1')
    this.#keep(target)
    const pair = { client, target }
    client.on('close', () => target.destroy())
    target.on('close', () => client.destroy())
    if (cut === 'request') this.#cutRequest(pair)
    else {
      client.pipe(target)
      if (cut === undefined) target.pipe(client)
      else this.#cutAnswer(pair, cut)
    }
  }

  #draw(): Cut {
    return CUTS[wholeBetween(this.#options.random, 0, CUTS.length - 1)] as Cut
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #cutRequest(pair: Pair): void {
    const limit = wholeBetween(this.#options.random, 1, 60)
    pair.client.once('data', (chunk: Buffer) => {
      this.cuts.request++
      pair.target.end(chunk.subarray(0, limit), () => pair.client.destroy())
    })
  }

  #cutAnswer(pair: Pair, cut: Cut): void {
    let left = wholeBetween(this.#options.random, 1, this.#options.maxBytes)
    let isOver = false
    pair.target.on('data', (chunk: Buffer) => {
      if (isOver) return
      const end = left > chunk.length ? -1 : placeOfCut(chunk, left, cut)
      left -= chunk.length
      if (end === -1) {
        if (!pair.client.write(chunk)) waitForDrain(pair)
        return
      }
      isOver = true
      this.cuts[cut]++
      cutOff(pair, chunk.subarray(0, end), cut)
    })
  }
}

interface Pair {
  readonly client: Socket
  readonly target: Socket
}

function waitForDrain({ client, target }: Pair): void {
  target.pause()
  client.once('drain', () => target.resume())
}

/** Where in the chunk to cut, at `wanted` or later, or -1 when it has no such place. */
function placeOfCut(chunk: Buffer, wanted: number, cut: Cut): number {
  const from = Math.max(0, Math.min(wanted, chunk.length))
  if (cut === 'character') {
    const lead = chunk.findIndex((byte, index) => index >= from && byte >= 0xc2)
    return lead === -1 || lead + 1 >= chunk.length ? -1 : lead + 1
  }
  if (cut === 'frame') {
    const line = chunk.indexOf(DATA_FIELD, from)
    return line === -1 || line + 9 >= chunk.length ? -1 : line + 9
  }
  return from
}

function cutOff({ client, target }: Pair, last: Buffer, cut: Cut): void {
  if (cut === 'silence') {
    client.write(last)
    target.pause()
    setTimeout(() => client.destroy(), SILENCE_MS)
  } else if (cut === 'rst') {
    client.write(last)
    client.resetAndDestroy()
  } else {
    client.end(last)
    target.destroy()
  }
}
