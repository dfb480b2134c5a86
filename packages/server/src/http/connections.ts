import { Socket } from 'node:net'
import type { ConnectionKeeper, Cuttable } from '@heartline/session'

const REQUESTS: unique symbol = Symbol('heartline.requests')

/** Undefined while it is not node:http's. */
type Counted = Cuttable & { [REQUESTS]?: number | undefined }

/** The open connections, and how many requests node:http is answering on each of its own. */
export class Connections implements ConnectionKeeper {
  /** Sockets, and what stands in for those of idle streams. */
  readonly #open = new Set<Cuttable>()
  readonly #forget: (this: Socket) => void

  constructor() {
    const open = this.#open
    // One function for all connections, idle readers included.
    this.#forget = function forget(this: Socket): void {
      open.delete(this)
    }
  }

  add(socket: Socket): void {
    this.#open.add(socket)
    socket.on('close', this.#forget)
  }

  /** A stream does without its socket, or has one again. */
  replace(old: Cuttable, by: Cuttable): void {
    this.#open.delete(old)
    if (by instanceof Socket) this.add(by)
    else this.#open.add(by)
  }

  /** Counts requests that node:http answers from now on (1), or that were answered (-1). */
  count(socket: Counted, change: number): void {
    socket[REQUESTS] = (socket[REQUESTS] ?? 0) + change
  }

  /** Node:http has let go of it in the middle of an answer. */
  forgetRequests(socket: Counted): void {
    socket[REQUESTS] = undefined
  }

  /** Cuts all that node:http answers nothing on. */
  cutIdle(): void {
    for (const connection of this.#open as Set<Counted>) {
      if (connection[REQUESTS] === 0) connection.destroy()
    }
  }

  cutAll(): void {
    for (const connection of this.#open) connection.destroy()
  }
}
