import { Socket } from 'node:net'
import type { Buffer } from 'node:buffer'

/** The part of a connection's native handle that is used here. */
export interface StreamHandle {
  /** 0 = taken or queued, see `writeQueueSize`; a negative error number of the system otherwise. */
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
  /** Bytes that the kernel has not taken yet. */
  readonly writeQueueSize: number
  /** The descriptor; -1 once it is closed. Absent where the system has none. */
  readonly fd?: number | undefined
}

/** Told once the kernel has taken, or never will take, what it did not take at once. */
export interface HandleOwner {
  /** 0, or a negative error number of the system: `ECANCELED` when the connection was closed. */
  completed(status: number): void
}

/** What the runtime calls back on. It belongs to the runtime from a partial write to its end. */
interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void
  /** -1 while it does not belong to the runtime. */
  getAsyncId(): number
  /** Keeps the bytes alive while the runtime still writes from them. */
  bytes: Uint8Array | undefined
  owner: HandleOwner | undefined
}

/** The kernel took all bytes. */
export const TAKEN = 0
/** Not all at once: the rest, if there is any, follows, then the owner is told. */
const PARTIAL = 1
const NOT_IN_USE = -1

type Write = StreamHandle['writeBuffer']
type WithHandle = Socket & { readonly _handle?: (StreamHandle & object) | null | undefined }

/** The class of the runtime's requests. No handle is given out before it was learned. */
let Request: new () => object = Object
let plainWrite: Write | undefined
let spare: WriteRequest | undefined

/**
 * Learns how this runtime writes to a handle, from one ordinary write: the class of the requests
 * is not public, but every write brings an object of it. Returns false when the socket has no
 * handle of the expected shape.
 */
export function learnHandle(socket: Socket, first: Buffer): boolean {
  const handle = (socket as WithHandle)._handle
  if (handle === null || handle === undefined) return false
  const write = Reflect.get(handle, 'writeBuffer') as Write
  if (typeof write !== 'function' || typeof handle.writeQueueSize !== 'number') return false
  handle.writeBuffer = (request, bytes) => {
    Reflect.deleteProperty(handle, 'writeBuffer')
    // From Node.js 26 on the runtime makes its requests out of sight: there is nothing to learn.
    if ((request as WriteRequest | null) !== null) {
      Request = request.constructor as new () => object
      if (typeof request.getAsyncId === 'function') plainWrite = write
    }
    return handle.writeBuffer(request, bytes)
  }
  socket.write(first)
  return Reflect.deleteProperty(handle, 'writeBuffer') && plainWrite === handle.writeBuffer
}

/**
 * The handle of a plain connection that nobody else stands between. Undefined for TLS, for sockets
 * that are not of node:net, and while nothing was learned.
 */
export function plainHandleOf(socket: Socket): StreamHandle | undefined {
  const handle = (socket as WithHandle)._handle
  if (handle === null || handle === undefined || plainWrite === undefined) return undefined
  const isPlain = handle.writeBuffer === plainWrite && socket.write === Socket.prototype.write
  return isPlain ? handle : undefined
}

/**
 * Writes to a handle with nothing queued: `TAKEN`, `PARTIAL`, or a negative error number of the
 * system. Bytes that leave at once, which nearly all do, cost no allocation: the request is only
 * used up when the kernel did not take everything.
 */
export function writeToHandle(handle: StreamHandle, bytes: Uint8Array, owner: HandleOwner): number {
  // An empty write would come back as an end on some systems.
  if (bytes.length === 0) return TAKEN
  const request = spare ?? (spare = createRequest())
  const status = handle.writeBuffer(request, bytes)
  if (status !== 0) return status
  // The second try of the runtime may have taken what the first did not: nothing is queued then,
  // but the request is still to be completed, and using it again would abort the process.
  if (handle.writeQueueSize === 0 && request.getAsyncId() === NOT_IN_USE) return TAKEN
  spare = undefined
  request.bytes = bytes
  request.owner = owner
  return PARTIAL
}

function createRequest(): WriteRequest {
  const own = { oncomplete: onComplete, bytes: undefined, owner: undefined }
  return Object.assign(new Request() as Pick<WriteRequest, 'getAsyncId'>, own)
}

function onComplete(this: WriteRequest, status: number): void {
  const { owner } = this
  this.bytes = undefined
  this.owner = undefined
  owner?.completed(status)
}
