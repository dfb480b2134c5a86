import net from 'node:net'
import type { Served } from './target.ts'

/** A plain TCP peer, for what no HTTP client shows. */
export class RawPeer {
  text = ''
  closed = false
  readonly socket: net.Socket
  /** What came with each packet. */
  readonly packets: string[] = []

  constructor(port: number, request: string) {
    this.socket = net.connect(port, '127.0.0.1', () => this.socket.write(request))
    this.socket.on('data', (chunk) => {
      this.packets.push(chunk.toString('latin1'))
      this.text += chunk.toString('latin1')
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => (this.closed = true))
  }

  /** The bodies of all complete chunks after the head; throws on broken framing. */
  chunks(): string[] {
    const chunks: string[] = []
    let rest = this.text.slice(this.text.indexOf('\r\n\r\n') + 4)
    while (rest !== '') {
      const size = /^([0-9a-f]+)\r\n/.exec(rest)
      if (size === null) throw new Error(`Not a chunk: ${JSON.stringify(rest.slice(0, 40))}`)
      const length = Number.parseInt(size[1]!, 16)
      const start = size[0].length
      if (rest.slice(start + length, start + length + 2) !== '\r\n') throw new Error('No CRLF')
      chunks.push(rest.slice(start, start + length))
      rest = rest.slice(start + length + 2)
      if (length === 0) break
    }
    return chunks
  }
}

/** The port behind something served. */
export type WithPort = Served & { readonly port: number }
