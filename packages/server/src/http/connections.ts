import type { Socket } from 'node:net'

const REQUESTS: unique symbol = Symbol('heartline.requests')

/** Undefined while it is not node:http's. */
type Counted = Socket & { [REQUESTS]?: number }

/** The open connections, and how many requests node:http is answering on each of its own. */
export class Connections {
  readonly #sockets = new Set<Socket>()
  readonly #forget: (this: Socket) => void

  constructor() {
    const sockets = this.#sockets
    // One function for all connections, idle readers included.
    this.#forget = function forget(this: Socket): void {
      sockets.delete(this)
    }
  }

  add(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', this.#forget)
  }

  /** Counts requests that node:http answers from now on (1), or that were answered (-1). */
  count(socket: Counted, change: number): void {
    socket[REQUESTS] = (socket[REQUESTS] ?? 0) + change
  }

  /** Cuts all that node:http answers nothing on. */
  cutIdle(): void {
    for (const socket of this.#sockets as Set<Counted>) {
      if (socket[REQUESTS] === 0) socket.destroy()
    }
  }

  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}
