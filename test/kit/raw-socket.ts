import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A bare connection: sends bytes that no HTTP client would send, keeps what comes back. */
export class RawSocket {
  readonly socket: Socket
  received = ''
  isClosed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('utf8')
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
    })
    socket.on('data', (text: string) => {
      this.received += text
    })
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes)
  }

  close(): void {
    this.socket.destroy()
  }
}

export async function openRawSocket(port: number): Promise<RawSocket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return new RawSocket(socket)
}
