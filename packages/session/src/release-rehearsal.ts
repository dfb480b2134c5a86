import { createServer, type Server } from 'node:http'
import net, { type Socket } from 'node:net'
import { learnHttp, returnToHttp, takeFromHttp } from './http-connection.ts'
import { isSole, type HttpParts } from './release-check.ts'
import {
  leave,
  resetWhileWaiting,
  reuse,
  speak,
  stallAndRead,
  type Finding,
  type Way,
} from './seam-rehearsal.ts'
import { Stage, type Pair } from './seam-stage.ts'
import { SocketTransport } from './socket-transport.ts'

const REQUEST = 'GET / HTTP/1.1\r\nHost: -\r\n\r\n'
const STREAMS = [stallAndRead, resetWhileWaiting, speak, leave, reuse]

type Answer = (parts: HttpParts) => void

/** A server of node:http on a stage of its own. */
export class HttpStage extends Stage {
  readonly server: Server
  readonly #answers = new Map<Socket, Answer>()

  constructor() {
    const server = createServer((request, response) => {
      const { socket } = request
      this.#answers.get(socket)?.({ request, response, socket, server })
    })
    super(server)
    this.server = server
  }

  override close(): void {
    try {
      super.close()
    } catch {
      // A node:http that was found to be broken may fail at this, too.
      net.Server.prototype.close.call(this.server)
    }
  }

  /** Opens a stream, which lets go of its response. Throws what is wrong. */
  async stream(pair: Pair): Promise<void> {
    const asked = this.asked(pair)
    pair.peer.write(REQUEST)
    const parts = await asked
    const { request, response, socket } = parts
    response.writeHead(200).flushHeaders()
    await textOf(pair.peer, /\r\n\r\n$/)
    if (!isSole(parts)) throw new TypeError('a response of node:http is not as expected')
    if (request.eventNames().join() !== '' || response.eventNames().join() !== 'finish') {
      throw new TypeError('a response of node:http has other listeners')
    }
    if (!takeFromHttp(socket, request, response)) throw new TypeError('a parser was not freed')
  }

  /** The next request on a connection. */
  asked({ ours }: Pair): Promise<HttpParts> {
    return new Promise((resolve) => this.#answers.set(ours, resolve))
  }
}

/** Streams of node:http that let go of their responses: whatever a plain connection can do. */
export async function rehearseRelease(
  stage: HttpStage,
  bare: Stage,
  wayOf: (pair: Pair) => Way,
): Promise<Finding> {
  await bare.open()
  if (!learnHttp((await bare.pair()).ours)) return 'node:http is not as expected'
  const findings = await Promise.all(
    STREAMS.map(async (run) => {
      const pair = await stage.pair()
      await stage.stream(pair)
      return run(pair, wayOf(pair))
    }),
  )
  return (
    findings.find((finding) => finding !== undefined) ??
    (await serveAgain(stage, wayOf)) ??
    (await closeIdle(stage, wayOf))
  )
}

/** A connection that goes back to node:http answers the next request. */
async function serveAgain(stage: HttpStage, wayOf: (pair: Pair) => Way): Promise<Finding> {
  const pair = await stage.pair()
  await endStream(stage, pair, wayOf(pair))
  const asked = stage.asked(pair)
  pair.peer.write(REQUEST)
  const { response } = await asked
  response.end('again')
  await textOf(pair.peer, /again$/)
  return undefined
}

/** Only a connection without a stream is idle. */
async function closeIdle(stage: HttpStage, wayOf: (pair: Pair) => Way): Promise<Finding> {
  const pair = await stage.pair()
  const closeIdly = (): void => stage.server.closeIdleConnections()
  await endStream(stage, pair, wayOf(pair), closeIdly)
  const closed = new Promise((resolve) => pair.ours.once('close', resolve))
  closeIdly()
  await closed
  return undefined
}

/** Opens a stream and ends it: the connection goes back to node:http. */
async function endStream(
  stage: HttpStage,
  pair: Pair,
  way: Way,
  meanwhile: () => void = () => undefined,
): Promise<void> {
  await stage.stream(pair)
  const onFree = (socket: Socket): void => returnToHttp(socket, stage.server)
  const transport = new SocketTransport(pair.ours, { ...way, head: undefined, onFree })
  transport.listen({ onWritable: () => undefined, onTransportClosed: () => undefined })
  meanwhile()
  transport.end()
  await textOf(pair.peer, /^0\r\n\r\n$/)
}

/** What comes next, until it is as expected. */
async function textOf(peer: Socket, expected: RegExp): Promise<void> {
  let text = ''
  await new Promise<void>((resolve) => {
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (!expected.test(text)) return
      peer.off('data', read).pause()
      resolve()
    }
    peer.on('data', read).resume()
  })
}
