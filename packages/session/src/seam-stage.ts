import net, { type AddressInfo, type Server, type Socket } from 'node:net'

/** Both ends of a connection within this process. */
export interface Pair {
  readonly ours: Socket
  readonly peer: Socket
}

/** Makes connections within this process and clears them away. None keeps the process alive. */
export class Stage {
  readonly #server: Server
  readonly #sockets: Socket[] = []
  #isClosed = false

  /** @param server Takes one end of each connection. It is closed with the stage. */
  constructor(server: Server = net.createServer({ allowHalfOpen: true })) {
    this.#server = server.on('connection', (ours) => this.keep(ours))
  }

  async open(): Promise<void> {
    const server = this.#server.unref()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      // A worker of node:cluster would else share it with other workers, and their connections.
      server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, resolve)
    })
  }

  pair(): Promise<Pair> {
    const { port } = this.#server.address() as AddressInfo
    return new Promise((resolve, reject) => {
      const peer = this.keep(net.connect(port, '127.0.0.1'))
      peer.on('error', reject)
      this.#server.on('connection', (ours) => {
        if (ours.remotePort === peer.localPort) resolve({ ours, peer })
      })
    })
  }

  close(): void {
    this.#isClosed = true
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  /** Clears a socket away with the rest. Its errors are nobody's: the other end may be gone first. */
  keep(socket: Socket): Socket {
    socket.on('error', () => undefined).unref()
    if (this.#isClosed) socket.destroy()
    else this.#sockets.push(socket)
    return socket
  }
}
