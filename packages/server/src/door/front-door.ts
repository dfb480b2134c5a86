import type { Socket } from 'node:net'
import type { ConnectionKeeper } from '@heartline/session'
import { DoorConnection, type DoorHost } from './door-connection.ts'
import type { DoorRoutes } from './door-routes.ts'
import { HeadReader } from './head-reader.ts'
import { OpeningLine } from './opening-line.ts'

/** What a door is made of. */
export interface DoorParts {
  readonly routes: DoorRoutes
  /** Longest head that is read here; a longer one is for node:http. */
  readonly maxHeadBytes: number
  /** Holds all connections, streams included. */
  readonly keeper: ConnectionKeeper
  /** Lets node:http serve a connection from its first byte on. */
  readonly serve: (socket: Socket) => void
  /** Answers what is no complete request and hangs up. `code` is one of node:http's. */
  readonly refuse: (socket: Socket, code: string) => void
  /** How often deadlines are looked at. Default 1,000. */
  readonly tickMs?: number | undefined
}

const TICK_MS = 1000

/**
 * Looks at connections before node:http does. It reads streams and short publishes itself, which
 * costs a fraction, and hands everything else over as if it had never looked.
 */
export class FrontDoor implements DoorHost {
  readonly routes: DoorRoutes
  readonly reader: HeadReader
  readonly onFree: (socket: Socket) => void = (socket) => this.#take(socket, false)
  readonly refuse: DoorParts['refuse']
  readonly keeper: ConnectionKeeper
  readonly openings: OpeningLine = new OpeningLine()
  readonly #serve: DoorParts['serve']
  readonly #tickMs: number
  /** Connections that are neither a stream's nor node:http's. */
  readonly #connections = new Set<DoorConnection>()
  /** One for all connections, and only while there are any. */
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(parts: DoorParts) {
    this.routes = parts.routes
    this.reader = new HeadReader(parts.maxHeadBytes)
    this.refuse = parts.refuse
    this.keeper = parts.keeper
    this.#serve = parts.serve
    this.#tickMs = parts.tickMs ?? TICK_MS
  }

  /** Takes a new connection. */
  accept(socket: Socket): void {
    this.#take(socket, true)
  }

  /** Ends idle connections, and the others with their last answer. */
  close(): void {
    this.#isClosed = true
    for (const connection of this.#connections) connection.finish()
  }

  left(connection: DoorConnection): void {
    this.#connections.delete(connection)
    if (this.#connections.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  handOver(socket: Socket, rest: Buffer): void {
    this.routes.handedOver()
    // Paused, so that nothing of it is read before all of node:http's listeners are there.
    socket.pause()
    if (rest.length > 0) socket.unshift(rest)
    this.#serve(socket)
    socket.resume()
  }

  #take(socket: Socket, isFresh: boolean): void {
    if (this.#isClosed) {
      socket.destroy()
      return
    }
    this.#connections.add(new DoorConnection(this, socket, isFresh))
    this.#timer ??= setInterval(() => this.#tick(), this.#tickMs).unref()
  }

  #tick(): void {
    for (const connection of this.#connections) connection.tick()
  }
}
