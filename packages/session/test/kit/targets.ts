import { readFileSync } from 'node:fs'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import {
  allowedSeam,
  createFetchSession,
  createNodeSession,
  type NodeRequest,
  type NodeResponse,
  type NodeSessionOptions,
  type SessionOptions,
} from '../../src/index.ts'
import { fetchClient, http1Client, http2Client } from './clients.ts'
import { doorServer, Keeper } from './door.ts'
import { toNodeListener } from './fetch-adapter.ts'
import type { Client, ConnectOptions, Handler, Served, Target } from './target.ts'

const pem = (name: string): Buffer => readFileSync(new URL(`./tls/${name}.pem`, import.meta.url))
/** A key that protects nothing: it is published with these tests. */
export const tlsOptions = { key: pem('key'), cert: pem('cert') }

type Listener = (request: NodeRequest, response: NodeResponse) => void
type Connect = (port: number, options?: ConnectOptions) => Client

/** Listens on a free port and can be closed whatever is still open. */
export async function listen(server: Server, connect: Connect): Promise<Served> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  }
  server.on('connection', keep)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const clients = new Set<Client>()
  return {
    connect: (options) => {
      const client = connect(port, options)
      clients.add(client)
      return client
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const client of clients) client.leave()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function nodeTarget(
  about: Omit<Target, 'serve'>,
  make: (listener: Listener) => Server,
  connect: Connect,
  transport: NodeSessionOptions['transport'] = 'auto',
): Target {
  const serve = (handler: Handler): Promise<Served> => {
    const server = make((request, response) => {
      const open = (options?: SessionOptions) =>
        createNodeSession(request, response, { ...options, transport })
      void handler({ open })
    })
    return listen(server, connect)
  }
  return { ...about, serve }
}

/** With a keeper, sessions do without their sockets. */
function doorTarget(name: string, keeper?: Keeper): Target {
  const serve = (handler: Handler): Promise<Served> => {
    const slow = (request: NodeRequest, response: NodeResponse): void =>
      void handler({ open: (options) => createNodeSession(request, response, options) })
    const server = doorServer((open) => void handler({ open }), slow, keeper)
    return listen(server, http1(false))
  }
  return { name, framing: 'chunked', ...over1, serve }
}

const http1 =
  (tls: boolean): Connect =>
  (port, options) =>
    http1Client(port, tls, options)
const h2 =
  (tls: boolean): Connect =>
  (port, options) =>
    http2Client(port, tls, options)
const over1 = { protocol: 'http/1.1', http1: true }
const over2 = { protocol: 'h2', framing: 'raw', http1: false }
const plain1 = (listener: Listener): Server => http.createServer(listener)
const tls1 = (listener: Listener): Server => https.createServer(tlsOptions, listener)
const plain2 = (listener: Listener): Server => http2.createServer(listener) as unknown as Server
const tls2 = (listener: Listener): Server =>
  http2.createSecureServer(tlsOptions, listener) as unknown as Server

/** One answer of a Fetch handler under test. */
function answerWith(handler: Handler): (request: Request) => Promise<Response> {
  return (request) =>
    new Promise((resolve) => {
      const open = (options?: SessionOptions) => {
        const { session, response } = createFetchSession(request, options)
        resolve(response)
        return session
      }
      void handler({ open })
    })
}

const fetchAbout = { protocol: 'fetch', framing: 'raw', http1: false }

/** Whether whole chunks are written below the response, or the tests run with `res.write` only. */
const below = allowedSeam() === 'response' ? 'raw' : 'chunked'

/** Everything a session can be carried by. */
export const targets: readonly Target[] = [
  nodeTarget({ name: 'HTTP/1.1 socket', framing: below, ...over1 }, plain1, http1(false)),
  nodeTarget(
    { name: 'HTTP/1.1 res.write', framing: 'raw', ...over1 },
    plain1,
    http1(false),
    'response',
  ),
  doorTarget('HTTP/1.1 own head'),
  doorTarget('HTTP/1.1 without a socket', new Keeper()),
  nodeTarget({ name: 'HTTPS/1.1 socket', framing: below, ...over1 }, tls1, http1(true)),
  nodeTarget({ name: 'h2c stream', ...over2 }, plain2, h2(false)),
  nodeTarget({ name: 'h2c res.write', ...over2 }, plain2, h2(false), 'response'),
  nodeTarget({ name: 'h2 over TLS', ...over2 }, tls2, h2(true)),
  {
    name: 'Fetch response',
    ...fetchAbout,
    serve: (handler) => {
      const answer = answerWith(handler)
      return Promise.resolve({
        connect: (options) => fetchClient(answer, options),
        close: () => Promise.resolve(),
      })
    },
  },
  {
    name: 'Fetch behind node:http',
    ...fetchAbout,
    serve: (handler) =>
      listen(http.createServer(toNodeListener(answerWith(handler))), http1(false)),
  },
]
