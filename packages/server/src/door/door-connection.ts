import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import type { ConnectionKeeper } from '@heartline/session'
import type { Grant } from '../auth/grant.ts'
import { answerText } from './answer.ts'
import { AnswerQueue } from './answer-queue.ts'
import type { DoorRequest } from './door-request.ts'
import type { DoorRoutes } from './door-routes.ts'
import { FOREIGN, MORE, type HeadReader } from './head-reader.ts'
import type { Opening, OpeningLine } from './opening-line.ts'

/** What connections ask of the door they came through. */
export interface DoorHost {
  readonly routes: DoorRoutes
  readonly reader: HeadReader
  /** Gets a connection back from a stream that ended. */
  readonly onFree: (socket: Socket) => void
  readonly keeper: ConnectionKeeper
  /** Where requests for streams wait while many come at once. */
  readonly openings: OpeningLine
  /** The connection is not the door's any more. */
  left(connection: DoorConnection): void
  /** Lets node:http read what follows, from `rest` on. */
  handOver(socket: Socket, rest: Buffer): void
  /** Answers what is no complete request and hangs up. */
  refuse(socket: Socket, code: string): void
}

/** Reads in which one request must have arrived; a longer one is read by node:http. */
const MAX_READS = 64
/** Answers owed at once on one connection. More, and nothing is read from it. */
const MAX_OWED = 64
/** Ticks of about a second: until a new connection must have sent something, … */
const FRESH_TICKS = 10
/** … until half a request is given to node:http, which has its own deadlines, … */
const PARTIAL_TICKS = 2
/** … and until a connection without a request is closed. */
const IDLE_TICKS = 65

const NOTHING = Buffer.alloc(0)
const CONNECTION = Symbol('heartline.door')

type Guest = Socket & { [CONNECTION]?: DoorConnection | undefined }

/**
 * One connection while it is the door's: before its first request, and between and during
 * publishes. It becomes a stream's or node:http's in the end.
 */
export class DoorConnection implements Opening {
  readonly #host: DoorHost
  readonly #socket: Guest
  readonly #answers = new AnswerQueue()
  /** What was read and not taken. */
  #bytes: Buffer = NOTHING
  #reads = 0
  #ticks = 0
  #isFresh: boolean
  /** A token is being checked. */
  #isChecking = false
  /** Its request for a stream waits in line. */
  #isInLine = false
  /** It has waited. */
  #mayOpen = false
  /** The next request is for node:http, once the answers before it have left. */
  #isForeign = false
  #isBlocked = false
  /** The client sends nothing more. */
  #isComplete = false
  /** The door is closing. */
  #isLast = false
  #isOver = false

  /** @param isFresh False for a connection that has carried a request before. */
  constructor(host: DoorHost, socket: Socket, isFresh: boolean) {
    this.#host = host
    this.#socket = socket
    this.#isFresh = isFresh
    this.#socket[CONNECTION] = this
    socket.on('data', onData)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
  }

  /** True while no request is being answered. */
  get isIdle(): boolean {
    return this.#answers.size === 0 && !this.#isChecking && !this.#isInLine
  }

  /** Ends when what is being answered has been answered. */
  finish(): void {
    this.#isLast = true
    if (!this.isIdle) return
    // What has begun to arrive is waited for by node:http.
    if (this.#bytes.length > 0) this.#leave()
    else this.#socket.destroy()
  }

  /** Called about once a second. */
  tick(): void {
    const ticks = ++this.#ticks
    if (this.#isBlocked) this.#expire(ticks)
    else if (!this.isIdle) return
    else if (this.#bytes.length > 0) this.#giveUp(ticks)
    else if (this.#isFresh) this.#expireFresh(ticks)
    else this.#expire(ticks)
  }

  read(chunk: Buffer): void {
    this.#reads++
    const isFirst = this.#bytes.length === 0
    if (isFirst) this.#ticks = 0
    this.#bytes = isFirst ? chunk : Buffer.concat([this.#bytes, chunk])
    this.#take()
  }

  /** The client will send nothing more. It is still told what it waits for. */
  ended(): void {
    this.#isComplete = true
    if (this.isIdle) this.#end()
  }

  closed(): void {
    this.#isOver = true
    this.#host.left(this)
  }

  drained(): void {
    this.#isBlocked = false
    this.#goOn()
  }

  /** Called by the line: the stream may open now. */
  open(): void {
    this.#isInLine = false
    if (this.#isOver) return
    this.#mayOpen = true
    this.#goOn()
  }

  /** Takes one request after the other from what was read. */
  #take(): void {
    while (this.#bytes.length > 0 && !this.#isHeld) {
      if (this.#answers.size >= MAX_OWED) break
      const bytes = this.#bytes
      const request = this.#host.reader.read(bytes, 0)
      if (request === FOREIGN) return this.#leave()
      const end = request === MORE ? Infinity : request.headEnd + request.bodyBytes
      if (request === MORE || end > bytes.length) return this.#wait()
      this.#reads = 0
      this.#isFresh = false
      // A stream has the connection for itself: nothing before it, nothing behind it.
      const isAlone = end === bytes.length && this.#answers.size === 0
      if (request.method === 'GET' && !isAlone) return this.#leave()
      if (request.method === 'GET' && !this.#isNext()) return
      this.#authenticate(request)
    }
    if (this.#bytes.length > 0) this.#socket.pause()
  }

  /** Whether its stream may open now; otherwise it gets in line. */
  #isNext(): boolean {
    if (this.#mayOpen || this.#host.openings.take()) return true
    this.#isInLine = true
    this.#host.openings.wait(this)
    return false
  }

  get #isHeld(): boolean {
    if (this.#isInLine) return true
    return this.#isOver || this.#isChecking || this.#isForeign || this.#isBlocked
  }

  /** For the rest of a request. */
  #wait(): void {
    if (this.#reads >= MAX_READS) this.#leave()
  }

  #authenticate(request: DoorRequest): void {
    let grant: Grant | Promise<Grant>
    try {
      grant = this.#host.routes.authenticate(request)
    } catch {
      return this.#leave()
    }
    if (!(grant instanceof Promise)) return this.#serve(request, grant)
    this.#isChecking = true
    grant.then(
      (known) => this.#checked(() => this.#serve(request, known)),
      () => this.#checked(() => this.#leave()),
    )
  }

  #checked(next: () => void): void {
    this.#isChecking = false
    if (this.#isOver) return
    next()
    this.#goOn()
  }

  #serve(request: DoorRequest, grant: Grant): void {
    try {
      if (request.method === 'GET') this.#open(request, grant)
      else this.#publish(request, grant)
    } catch {
      this.#leave()
    }
  }

  #open(request: DoorRequest, grant: Grant): void {
    // Who sends nothing more has left: nobody would tell the stream later.
    if (this.#isComplete) return this.#socket.destroySoon()
    const { routes, onFree, keeper } = this.#host
    const subscription = routes.admit(request, grant)
    this.#detach()
    routes.open({ request, subscription, socket: this.#socket, onFree, keeper })
  }

  #publish(request: DoorRequest, grant: Grant): void {
    const { headEnd, bodyBytes } = request
    const end = headEnd + bodyBytes
    const body = this.#bytes.subarray(headEnd, end)
    const storing = this.#host.routes.publish(request, grant, body)
    this.#bytes = end === this.#bytes.length ? NOTHING : this.#bytes.subarray(end)
    const place = this.#answers.owe()
    void storing.then((answer) => this.#answer(this.#answers.settle(place, answerText(answer))))
  }

  #answer(text: string): void {
    if (this.#isOver || text === '') return
    const socket = this.#socket
    this.#ticks = 0
    if (!socket.write(text)) {
      this.#isBlocked = true
      socket.once('drain', onDrain)
    }
    this.#goOn()
  }

  /** Something that was waited for has come. */
  #goOn(): void {
    if (this.#isForeign && this.isIdle && !this.#isOver) return this.#handOver()
    this.#take()
    if (this.#isHeld) return
    if (this.isIdle && (this.#isComplete || this.#isLast)) return this.#end()
    const isFull = this.#bytes.length > 0 && this.#answers.size >= MAX_OWED
    if (!isFull && this.#socket.isPaused()) this.#socket.resume()
  }

  /** All that was asked for was answered, and nothing more will be. */
  #end(): void {
    if (this.#isComplete && this.#bytes.length > 0) this.#refuse('HPE_INVALID_EOF_STATE')
    else this.#socket.destroySoon()
  }

  /** What comes next is not for the door. Its own answers leave first. */
  #leave(): void {
    this.#isForeign = true
    if (this.isIdle) this.#handOver()
    else this.#socket.pause()
  }

  #handOver(): void {
    const rest = this.#bytes
    this.#detach()
    this.#host.handOver(this.#socket, rest)
  }

  #giveUp(ticks: number): void {
    if (ticks >= PARTIAL_TICKS) this.#leave()
  }

  #expireFresh(ticks: number): void {
    if (ticks >= FRESH_TICKS) this.#refuse('ERR_HTTP_REQUEST_TIMEOUT')
  }

  #expire(ticks: number): void {
    if (ticks >= IDLE_TICKS) this.#socket.destroy()
  }

  #refuse(code: string): void {
    const socket = this.#socket
    this.#detach()
    socket.on('error', onError)
    this.#host.refuse(socket, code)
  }

  #detach(): void {
    const socket = this.#socket
    this.#isOver = true
    this.#bytes = NOTHING
    socket.off('data', onData)
    socket.off('end', onEnd)
    socket.off('error', onError)
    socket.off('close', onClose)
    socket.off('drain', onDrain)
    socket[CONNECTION] = undefined
    this.#host.left(this)
  }
}

// One function for all connections: a closure for each would be most of what one costs.

function onData(this: Guest, chunk: Buffer): void {
  this[CONNECTION]?.read(chunk)
}

function onEnd(this: Guest): void {
  this[CONNECTION]?.ended()
}

function onClose(this: Guest): void {
  this[CONNECTION]?.closed()
}

function onDrain(this: Guest): void {
  this[CONNECTION]?.drained()
}

/** The close that follows says the same. */
function onError(): void {}
