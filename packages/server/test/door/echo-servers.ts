import { Buffer } from 'node:buffer'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Subscription } from '@heartline/hub'
import { DEVELOPMENT_GRANT, type Grant } from '../../src/auth/grant.ts'
import { answerHead, type DoorAnswer } from '../../src/door/answer.ts'
import type { DoorRequest } from '../../src/door/door-request.ts'
import type { DoorRoutes, StreamOpening } from '../../src/door/door-routes.ts'
import { FrontDoor } from '../../src/door/front-door.ts'
import { FIELD_INDEX } from '../../src/door/head-field.ts'
import { answerClientError } from '../../src/http/client-error.ts'
import { Exchange } from '../../src/http/exchange.ts'
import { JSON_HEADERS } from '../../src/http/json-headers.ts'
import type { RequestHeader, RequestView } from '../../src/http/request-view.ts'

const NAMES = Object.keys(FIELD_INDEX) as RequestHeader[]

/** Everything that a route could learn of a request. */
function echo(request: RequestView, body: Buffer): string {
  const headers = NAMES.map((name) => [name, request.header(name)])
  const { method, path, query } = request
  return JSON.stringify({ method, path, query: String(query), headers, body: body.toString('hex') })
}

/** Answers at once, late, after others that came later, or refuses: by what the body says. */
export class EchoRoutes implements DoorRoutes {
  handed = 0
  published = 0
  opened: StreamOpening[] = []
  /** Settles the check of a token; undefined: it is known. */
  checking: Promise<void> | undefined

  authenticate(request: DoorRequest): Grant | Promise<Grant> {
    if (request.header('authorization') === 'Bearer refused') throw new Error('refused')
    return this.checking?.then(() => DEVELOPMENT_GRANT) ?? DEVELOPMENT_GRANT
  }

  admit(request: DoorRequest): Subscription {
    if (!request.query.has('stream')) throw new Error('refused')
    return {} as Subscription
  }

  open(opening: StreamOpening): void {
    this.opened.push(opening)
  }

  publish(request: DoorRequest, _: Grant, body: Buffer): Promise<DoorAnswer> {
    if (body.includes('refuse')) throw new Error('refused')
    this.published++
    const answer = { head: answerHead(200, JSON_HEADERS), body: echo(request, body) }
    const turns = body.length % 4
    return turns === 0 ? Promise.resolve(answer) : afterTurns(turns, answer)
  }

  handedOver(): void {
    this.handed++
  }
}

async function afterTurns<Value>(turns: number, value: Value): Promise<Value> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
  return value
}

/** A server of node:http that echoes every request. */
export function createEchoServer(): Server {
  const server = createServer({ maxHeaderSize: 16_384, keepAliveTimeout: 65_000 })
  server.on('request', (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const exchange = new Exchange(request, response, () => 0)
      exchange.send(200, echo(exchange, Buffer.concat(chunks)), JSON_HEADERS)
    })
  })
  server.on('clientError', (error, socket) => answerClientError(error, socket as Socket))
  return server
}

/** The same with the door before it. */
export function putDoor(server: Server, routes: DoorRoutes, tickMs?: number): FrontDoor {
  const [serve] = server.listeners('connection')
  server.removeAllListeners('connection')
  const door = new FrontDoor({
    routes,
    maxHeadBytes: 8192,
    serve: (socket) => serve?.call(server, socket),
    keeper: { replace: () => undefined },
    refuse: (socket, code) => answerClientError(Object.assign(new Error(code), { code }), socket),
    tickMs,
  })
  server.on('connection', (socket: Socket) => door.accept(socket))
  return door
}

export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
