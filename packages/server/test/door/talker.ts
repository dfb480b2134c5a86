import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
/** How long silence must last to be taken for an answer that will not come. */
const SILENCE_MS = 150
const PATIENCE_MS = 20_000

/** A client that sends bytes in pieces and reads answers one by one. */
export class Talker {
  readonly socket: Socket
  isClosed = false
  #text = ''
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1')
      this.#wake()
    })
    socket.on('close', () => {
      this.isClosed = true
      this.#wake()
    })
  }

  static async to(port: number): Promise<Talker> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new Talker(socket)
  }

  async send(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      if (this.socket.destroyed) return
      this.socket.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /**
   * The next answer without its date, '' when the connection closed, undefined after silence.
   * @param patient Waits long instead of taking silence for an answer.
   */
  async answer(isHead: boolean, patient: boolean): Promise<string | undefined> {
    const end = Date.now() + (patient ? PATIENCE_MS : SILENCE_MS)
    for (;;) {
      const length = answerLength(this.#text, isHead)
      if (length !== undefined) return this.#take(length)
      if (this.isClosed) return this.#take(this.#text.length)
      if (Date.now() > end) return undefined
      await this.#change(end - Date.now())
    }
  }

  #take(length: number): string {
    const text = this.#text.slice(0, length)
    this.#text = this.#text.slice(length)
    return text.replace(/\r\nDate: [^\r]+/g, '').replace(/retry-after: \d/, 'retry-after: *')
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, ms))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Undefined while it is not all there. */
function answerLength(text: string, isHead: boolean): number | undefined {
  const from = text.startsWith(CONTINUE) ? CONTINUE.length : 0
  const headEnd = text.indexOf('\r\n\r\n', from)
  if (headEnd < 0) return undefined
  const bytes = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1] ?? '0'
  const end = headEnd + 4 + (isHead ? 0 : Number(bytes))
  return text.length >= end ? end : undefined
}
