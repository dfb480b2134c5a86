import http from 'node:http'
import net from 'node:net'
import {
  createSocketSession,
  type ConnectionKeeper,
  type Cuttable,
  type Session,
  type SocketSessionOptions,
} from '../../src/index.ts'

type Open = (options?: SocketSessionOptions) => Session
const END = '\r\n\r\n'

/** The connections of a door: sockets, and what stands in for them. */
export class Keeper implements ConnectionKeeper {
  readonly held = new Set<Cuttable>()

  replace(old: Cuttable, by: Cuttable): void {
    this.held.delete(old)
    this.held.add(by)
  }
}

/** The least front door: plain GETs are sessions on the socket, the rest goes to node:http. */
export function doorServer(
  handle: (open: Open) => void,
  listener: http.RequestListener,
  keeper?: Keeper,
): net.Server {
  const slow = http.createServer(listener)
  const server = net.createServer({ allowHalfOpen: true }, look)
  server.on('close', () => slow.closeAllConnections())
  return server

  function look(socket: net.Socket): void {
    let text = ''
    const ignore = (): void => undefined
    const leave = (): void => void socket.destroy()
    const read = (bytes: Buffer): void => {
      text += bytes.toString('latin1')
      if (!text.includes(END)) return
      socket.off('data', read).off('error', ignore).off('end', leave)
      const isPlain = text.startsWith('GET ') && text.endsWith(END) && !/content-length/i.test(text)
      if (isPlain) {
        handle((options) => createSocketSession(socket, { onFree: look, keeper, ...options }))
      } else {
        socket.pause()
        socket.unshift(Buffer.from(text, 'latin1'))
        slow.emit('connection', socket)
        socket.resume()
      }
    }
    socket.on('data', read).on('error', ignore).on('end', leave)
  }
}
