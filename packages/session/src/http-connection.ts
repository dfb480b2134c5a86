import { Buffer } from 'node:buffer'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Server as NetServer, Socket } from 'node:net'

type Listener = (...args: unknown[]) => unknown

/** The parser of node:http, as far as it is touched here. */
interface Parser {
  readonly socket: Socket | null
  incoming: IncomingMessage | null
  onIncoming: Listener | null
  execute(bytes: Uint8Array): unknown
}

/** A connection while it is node:http's. */
export type HttpSocket = Socket & {
  readonly parser?: Parser | null
  readonly server?: Server | null
  readonly _server?: NetServer | null
  readonly _httpMessage?: ServerResponse | null
  /** True while node:http does not read. */
  readonly _paused?: boolean
}

/** What node:http puts in the place of a socket's own methods. */
const OVERRIDES = ['on', 'addListener', 'prependListener', 'setEncoding']
/** It has its own timeout for connections between two requests; this much later, as it does. */
const KEEP_ALIVE_BUFFER_MS = 1_000
const BOUND = 'bound '
const NO_REQUEST = Buffer.from('GET / HTTP/1.1\r\nHost: -\r\n\r\n')

/** Takes a connection, whatever server it is called on. */
let take: ((this: Server, socket: Socket) => void) | undefined
/** Its listeners by event: functions that are the same for all, names of those that are bound. */
let learned = new Map<string, ReadonlySet<unknown>>()

/**
 * Learns what node:http does with a connection from one that nobody has. Returns false when that is
 * not as expected.
 */
export function learnHttp(socket: Socket): boolean {
  const server = createServer()
  take = server.listeners('connection')[0] as typeof take
  if (take === undefined) return false
  const before = new Set(socket.eventNames().flatMap((name) => socket.rawListeners(name)))
  take.call(server, socket)
  learned = new Map()
  for (const name of socket.eventNames() as string[]) {
    const added = socket.rawListeners(name).filter((listener) => !before.has(listener))
    if (added.length > 0) learned.set(name, new Set(added.map(keyOf)))
    // All that have no name would be taken for it.
    if (learned.get(name)?.has(BOUND) === true) return false
  }
  return learned.has('data') && learned.get('close')?.size === 1
}

/** The bound ones are made for each connection: their names are all they have in common. */
function keyOf(listener: unknown): unknown {
  const { name } = listener as Listener
  return name.startsWith(BOUND) ? name : listener
}

/** Whether others than node:http read from a connection. */
export function isReadByOthers(socket: Socket): boolean {
  const ofHttp = socket.rawListeners('data').filter((listener) => isOfHttp('data', listener))
  return socket.listenerCount('data') !== ofHttp.length || socket.listenerCount('readable') > 0
}

function isOfHttp(event: string, listener: unknown): boolean {
  return learned.get(event)?.has(keyOf(listener)) === true
}

/**
 * Takes a connection away from node:http in the middle of a response: its parser is free for the
 * next connection, its listeners are gone, the others are still there. What of the request and the
 * response nobody else holds can be collected. Not within a callback of the parser. Returns false
 * when it did not work, and the connection cannot be used any more then.
 */
export function takeFromHttp(
  socket: HttpSocket,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  response.detachSocket(socket)
  let clear: Listener | undefined
  for (const event of learned.keys()) {
    for (const listener of socket.rawListeners(event) as Listener[]) {
      if (!isOfHttp(event, listener)) continue
      if (event === 'close') clear = listener
      socket.removeListener(event, listener)
    }
  }
  // The one that clears up when a connection has closed: it frees the parser, but it also tells the
  // request that its client has gone, which is not true here.
  const own = Object.getOwnPropertyDescriptor(request, 'destroy')
  request.destroy = () => request
  clear?.call(socket)
  if (own === undefined) Reflect.deleteProperty(request, 'destroy')
  else Object.defineProperty(request, 'destroy', own)
  for (const name of OVERRIDES) Reflect.deleteProperty(socket, name)
  return clear !== undefined && socket.parser === null
}

/**
 * Gives a connection that was taken away, and carries nothing now, back to its server, as one that
 * waits for its next request. It is ended when the server does not listen any more.
 */
export function returnToHttp(socket: Socket, server: Server): void {
  const { _server: acceptor } = socket as HttpSocket
  if (take === undefined || acceptor?.listening === false) {
    socket.on('error', ignore).destroySoon()
    return
  }
  take.call(server, socket)
  const { parser } = socket as HttpSocket
  if (parser === null || parser === undefined) return
  waitIdly(socket, server, parser)
}

const returns = new WeakMap<Server, (socket: Socket) => void>()

/** `returnToHttp` for all connections of a server. */
export function returnerTo(server: Server): (socket: Socket) => void {
  const known = returns.get(server) ?? ((socket: Socket) => returnToHttp(socket, server))
  returns.set(server, known)
  return known
}

/**
 * A parser expects a new connection to send a request at once, and does not count it as idle until
 * it has seen one: it is shown one that never was.
 */
function waitIdly(socket: Socket, server: Server, parser: Parser): void {
  const { onIncoming } = parser
  parser.onIncoming = () => 0
  parser.execute(NO_REQUEST)
  parser.incoming = null
  const { keepAliveTimeout } = server
  if (keepAliveTimeout > 0) socket.setTimeout(keepAliveTimeout + KEEP_ALIVE_BUFFER_MS)
  parser.onIncoming = (...args) => {
    parser.onIncoming = onIncoming
    socket.setTimeout(server.timeout)
    return onIncoming?.(...args)
  }
}

/** The client has gone before it was told the end. */
function ignore(): void {}
