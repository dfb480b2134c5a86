import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, type ListenOptions, type Server } from 'node:net'
import { HeartlineError } from '@heartline/wire'
import { describeListen, type ListenAddress } from '../config/listen-address.ts'
import { serverErrors } from '../errors.ts'

/** Fills the accept queue while many readers reconnect at once; the kernel's own limit caps it. */
const BACKLOG = 4096
/** `sun_path` of the smallest system we run on, without its last NUL. A longer one would be cut. */
const MAX_SOCKET_PATH_BYTES = 103
/** Whoever may connect may do everything that a hub without a key allows: this user only. */
const SOCKET_MODE = 0o600

/** Binds a server to its address or unix socket. Rejects with `HL_LISTEN_FAILED`. */
export async function listenOn(server: Server, address: ListenAddress): Promise<void> {
  const { host, port, path } = address
  try {
    if (path !== undefined) return await listenOnPath(server, path)
    await bind(server, host === undefined ? { port } : { host, port })
  } catch (cause) {
    throw toListenError(cause, address)
  }
}

async function listenOnPath(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new RangeError(`the path is longer than ${MAX_SOCKET_PATH_BYTES} bytes`)
  }
  try {
    await bind(server, { path })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    // A process that was killed leaves its socket behind; one that lives still answers there.
    if (!isSocket(path) || (await answers(path))) throw error
    unlinkSync(path)
    await bind(server, { path })
  }
  chmodSync(path, SOCKET_MODE)
}

function bind(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...where, backlog: BACKLOG }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}

function toListenError(cause: unknown, address: ListenAddress): HeartlineError {
  const { code, message } = cause as NodeJS.ErrnoException
  const onPath: Record<string, string> = {
    EADDRINUSE: 'another process listens there, or it is a file that is no socket',
    EACCES: 'the directory does not allow it',
    ENOENT: 'the directory does not exist',
  }
  const onPort: Record<string, string> = {
    EADDRINUSE: 'another process uses this port; stop it or choose another with --listen',
    EACCES: 'this port needs more rights; choose one above 1023',
    EADDRNOTAVAIL: 'this machine does not have the address',
  }
  const reasons = address.path === undefined ? onPort : onPath
  const details = { listen: describeListen(address), reason: reasons[code ?? ''] ?? message }
  return new HeartlineError(serverErrors.listenFailed, details, cause)
}
