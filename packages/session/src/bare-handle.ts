import { Socket, type Server } from 'node:net'
import type { Connection } from './connection.ts'
import { plainHandleOf, type StreamHandle } from './handle.ts'

/** What node:net calls on the owner of a handle when something was read. */
export interface HandleReader {
  /** Bytes, or null for the end. */
  push(bytes: Uint8Array | null): boolean
  read(): void
  destroy(error?: unknown): void
  readonly destroyed: boolean
  readonly _readableState: { readonly endEmitted: boolean }
}

/** A native handle without its socket. */
export type BareHandle = StreamHandle & {
  [owner: symbol]: unknown
  /** Set while it reads. */
  reading?: boolean
  getpeername?: (out: PeerName) => number
  getsockname?: (out: PeerName) => number
}

interface PeerName {
  address?: string
  port?: number
}

/** The parts of a socket that its class does not show. */
type Inner = Socket & {
  _handle: BareHandle | null
  _server: Server | null
  server?: Server | null
}

/** Where a handle notes its owner, and what node:net calls on the owner at every read. */
let ownerKey: symbol | undefined
let updateTimerKey: symbol | undefined

/** Learns from a socket how its handle is tied to it. Returns false when it is not as expected. */
export function learnOwner(socket: Socket): boolean {
  const handle = plainHandleOf(socket) as BareHandle | undefined
  if (handle === undefined) return false
  ownerKey = Object.getOwnPropertySymbols(handle).find((key) => handle[key] === socket)
  updateTimerKey = Object.getOwnPropertySymbols(Socket.prototype).find(
    (key) => key.description === 'kUpdateTimer',
  )
  return ownerKey !== undefined && updateTimerKey !== undefined
}

/**
 * Makes a class able to own a handle: what was read comes to its `push`. Idle connections keep no
 * timer that would have to be told.
 */
export function prepareReader(reader: HandleReader): void {
  if (updateTimerKey === undefined || updateTimerKey in reader) return
  Object.defineProperty(reader, updateTimerKey, { value: () => {} })
}

/**
 * Takes the handle out of its socket, which is an empty shell from then on: most of the memory of
 * an idle connection. The server goes on counting the connection. Undefined, and nothing is done,
 * when the socket holds bytes or does not read.
 */
export function takeHandle(socket: Socket, reader: HandleReader): Shed | undefined {
  const inner = socket as Inner
  const { _handle: handle, _server: server } = inner
  if (handle === null || ownerKey === undefined || handle.reading !== true) return undefined
  if (socket.readableLength > 0 || socket.writableLength > 0) return undefined
  handle[ownerKey] = reader
  inner._handle = null
  inner._server = null
  return { server }
}

/** What has to be known to make a socket again. */
export interface Shed {
  readonly server: Server | null
}

/** Makes a socket of a handle that has lost its own, for what is rare: its end and its next use. */
export function giveHandle(handle: StreamHandle, server: Server | null): Socket {
  const options = { handle, allowHalfOpen: true, readable: true, writable: true }
  const socket = new Socket(options as object) as Inner
  socket._server = server
  socket.server = server
  return socket
}

const scratch: PeerName = {}

/** Address and ports. Asked of the handle: the socket would keep an object for each question. */
export function connectionOf(socket: Socket): Connection {
  const { _handle: handle } = socket as Inner
  if (typeof handle?.getpeername !== 'function' || typeof handle.getsockname !== 'function') {
    return socket
  }
  // A connection that was reset meanwhile has no peer any more.
  const isKnown = handle.getpeername(scratch) === 0
  const remoteAddress = isKnown ? scratch.address : undefined
  const remotePort = isKnown ? scratch.port : undefined
  const localPort = handle.getsockname(scratch) === 0 ? scratch.port : undefined
  return { remoteAddress, remotePort, localPort }
}
