import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** Where a reader connects to, and as whom. */
export interface FarTarget {
  readonly host: string
  readonly port: number
  readonly topic: string
  readonly token: string
}

/** A reader that is only a socket: it reads, and never acknowledges. */
export class FarReader {
  readonly socket: Socket
  received = ''
  isClosed = false

  constructor(socket: Socket, target: FarTarget) {
    this.socket = socket
    socket.setEncoding('utf8')
    socket.on('error', () => {})
    socket.on('close', () => (this.isClosed = true))
    socket.on('data', (text: string) => (this.received = (this.received + text).slice(-65_536)))
    const lines = [
      `GET ${pathOf(target)} HTTP/1.1`,
      'Host: hub',
      'Accept: text/event-stream',
      `Authorization: Bearer ${target.token}`,
    ]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  }

  get isOpen(): boolean {
    return this.received.includes('heartline heartbeat=')
  }

  get heartbeats(): number {
    return this.received.split(': hb ').length - 1
  }
}

export function openPlain(target: FarTarget): FarReader {
  return new FarReader(connect(target.port, target.host), target)
}

export function openTls(target: FarTarget): FarReader {
  const { host, port } = target
  const socket = connectTls({ host, port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
  return new FarReader(socket, target)
}

/** Several streams on one connection. */
export function openHttp2(target: FarTarget, streams: number): ClientHttp2Session {
  const { host, port, token } = target
  const url = `https://${host}:${port}`
  const session = connectHttp2(url, { rejectUnauthorized: false })
  session.on('error', () => {})
  for (let n = 0; n < streams; n++) {
    const stream = session.request({
      ':path': pathOf(target),
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
    })
    stream.on('error', () => {})
    stream.resume()
  }
  return session
}

function pathOf({ topic }: FarTarget): string {
  return `/v1/events?topic=${encodeURIComponent(topic)}`
}
