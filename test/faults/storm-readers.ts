// The readers of `storm.ts`, in a process of their own: bare sockets that read one buffer, so that
// ten thousand of them cost little.

import { connect, type Socket } from 'node:net'

/** What the parent asks for. */
export interface StormOrder {
  readonly port: number
  readonly path: string
  readonly readers: number
  /** Reader i comes back with `cursors[i % cursors.length]`. Empty: all begin anew. */
  readonly cursors: readonly { readonly id: string; readonly n: number }[]
  /** The number of the newest event. */
  readonly newest: number
  /** Connections that are being made at the same time. */
  readonly inFlight: number
}

/** What became of it. */
export interface StormReport {
  /** From the first connection until the last reader had all it was owed and its cursor. */
  readonly servedMs: number
  /** CPU time of the readers meanwhile. */
  readonly readersCpuMs: number
  /** Readers that missed, repeated or were refused something, or were told a gap. */
  readonly wrong: number
}

const INTERESTING = /data: #(\d+)#|event: heartline\.(cursor|gap)|HTTP\/1\.1 (\d+)/g
/** Longer than anything that is looked for. */
const KEPT_CHARACTERS = 64
const shared = Buffer.alloc(65_536)
let sockets: Socket[] = []

class StormReader {
  readonly #order: StormOrder
  readonly #done: (isRight: boolean) => void
  #next: number
  #tail = ''
  #isDone = false

  constructor(order: StormOrder, index: number, done: (isRight: boolean) => void) {
    const cursor = order.cursors[index % Math.max(1, order.cursors.length)]
    this.#order = order
    this.#done = done
    this.#next = (cursor?.n ?? order.newest) + 1
    const onread = {
      buffer: shared,
      callback: (bytes: number): boolean => this.#read(shared.toString('latin1', 0, bytes)),
    }
    const socket = connect({ port: order.port, host: '127.0.0.1', onread }, () => {
      const from = cursor === undefined ? '' : `Last-Event-ID: ${cursor.id}\r\n`
      socket.write(`GET ${order.path} HTTP/1.1\r\nHost: localhost\r\n${from}\r\n`)
    })
    socket.on('error', () => this.#end(false))
    socket.on('close', () => this.#end(false))
    sockets.push(socket)
  }

  #read(text: string): boolean {
    if (this.#isDone) return true
    const all = this.#tail + text
    let end = 0
    for (const match of all.matchAll(INTERESTING)) {
      end = match.index + match[0].length
      if (match[2] === 'cursor') this.#end(this.#next === this.#order.newest + 1)
      else if (match[1] !== undefined && Number(match[1]) === this.#next) this.#next++
      else if (match[3] !== '200') this.#end(false)
    }
    this.#tail = all.slice(Math.max(end, all.length - KEPT_CHARACTERS))
    return true
  }

  #end(isRight: boolean): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#tail = ''
    this.#done(isRight)
  }
}

function run(order: StormOrder): Promise<StormReport> {
  const startedAt = performance.now()
  const cpu = process.cpuUsage()
  const report = (wrong: number): StormReport => {
    const { user, system } = process.cpuUsage(cpu)
    const servedMs = performance.now() - startedAt
    return { servedMs, wrong, readersCpuMs: (user + system) / 1_000 }
  }
  let [opened, done, wrong] = [0, 0, 0]
  return new Promise((resolve) => {
    const open = (): void => {
      while (opened < order.readers && opened - done < order.inFlight) {
        new StormReader(order, opened++, (isRight) => {
          done++
          if (!isRight) wrong++
          if (done < order.readers) open()
          else resolve(report(wrong))
        })
      }
    }
    open()
  })
}

function cutAll(): void {
  // Without a FIN: no port is left waiting.
  for (const socket of sockets) socket.resetAndDestroy()
  sockets = []
}

process.on('message', (order: StormOrder | 'cut') => {
  if (order === 'cut') {
    cutAll()
    process.send?.('cut')
    return
  }
  void run(order).then((result) => process.send?.(result))
})
