import { Buffer } from 'node:buffer'
import type { Server } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import type { FrontDoor } from '../../src/door/front-door.ts'
import { eventually } from '../kit.ts'
import { createEchoServer, EchoRoutes, listen, putDoor } from './echo-servers.ts'
import { seeded, RequestMaker } from './request-maker.ts'
import { Talker } from './talker.ts'

interface House {
  readonly port: number
  readonly routes: EchoRoutes
  readonly door: FrontDoor
  readonly server: Server
}

const houses: House[] = []
afterEach(() => {
  for (const { door, server } of houses.splice(0)) {
    door.close()
    server.closeAllConnections()
    server.close()
  }
})

async function build(tickMs?: number): Promise<House> {
  const server = createEchoServer()
  const routes = new EchoRoutes()
  const door = putDoor(server, routes, tickMs)
  const house = { port: await listen(server), routes, door, server }
  houses.push(house)
  return house
}

function publish(body: string, headers = ''): string {
  return `POST /v1/events HTTP/1.1\r\nHost: h\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`
}

const STREAM = 'GET /v1/events?stream=1 HTTP/1.1\r\nHost: h\r\n\r\n'

async function bodiesOf(talker: Talker, count: number): Promise<string[]> {
  const bodies: string[] = []
  for (let index = 0; index < count; index++) {
    const answer = (await talker.answer(false, true)) ?? ''
    const json = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { body: string }
    bodies.push(Buffer.from(json.body, 'hex').toString())
  }
  return bodies
}

it('answers pipelined publishes in their order, however they are split and whenever stored', async () => {
  const { port, routes } = await build()
  const bodies = Array.from({ length: 300 }, (_, index) => `${index} ${'x'.repeat(index % 7)}`)
  const bytes = Buffer.from(bodies.map((body) => publish(body)).join(''))
  const talker = await Talker.to(port)
  await talker.send(new RequestMaker(seeded(1)).split(bytes))
  expect(await bodiesOf(talker, bodies.length)).toEqual(bodies)
  expect(routes).toMatchObject({ published: 300, handed: 0 })
  talker.socket.destroy()
})

it('gives what it refuses to node:http after its own answers, and all that follows', async () => {
  const { port, routes } = await build()
  const bodies = ['one', 'second', 'refuse', 'three', 'and more']
  const talker = await Talker.to(port)
  await talker.send([Buffer.from(bodies.map((body) => publish(body)).join(''))])
  expect(await bodiesOf(talker, bodies.length)).toEqual(bodies)
  expect(routes).toMatchObject({ published: 2, handed: 1 })
  talker.socket.destroy()
})

it('gives a body that is too large for it to node:http', async () => {
  const { port, routes } = await build()
  const body = 'x'.repeat(300_000)
  const talker = await Talker.to(port)
  await talker.send(new RequestMaker(seeded(2)).split(Buffer.from(publish(body))))
  expect(await bodiesOf(talker, 1)).toEqual([body])
  expect(routes).toMatchObject({ published: 0, handed: 1 })
  talker.socket.destroy()
})

it('leaves nothing of itself on a stream, and takes the connection back after it', async () => {
  const { port, routes } = await build()
  const talker = await Talker.to(port)
  await talker.send([Buffer.from(STREAM)])
  await eventually(() => routes.opened.length === 1)
  const [opening] = routes.opened
  const socket = opening?.socket
  const names = ['data', 'end', 'error', 'close', 'drain'].flatMap((event) =>
    (socket?.listeners(event) ?? []).map((listener) => listener.name),
  )
  // Node's own.
  expect(names).toEqual(['onReadableStreamEnd'])
  if (socket !== undefined) opening?.onFree(socket)
  await talker.send([Buffer.from(publish('next'))])
  expect(await bodiesOf(talker, 1)).toEqual(['next'])
  expect(routes).toMatchObject({ published: 1, handed: 0 })
  talker.socket.destroy()
})

it('gives a stream with a request behind or before it to node:http', async () => {
  const { port, routes } = await build()
  const before = await Talker.to(port)
  await before.send([Buffer.from(publish('a') + STREAM)])
  expect(await bodiesOf(before, 2)).toEqual(['a', ''])
  const behind = await Talker.to(port)
  await behind.send([Buffer.from(STREAM + publish('refuse'))])
  expect(await bodiesOf(behind, 2)).toEqual(['', 'refuse'])
  expect(routes).toMatchObject({ handed: 2, opened: [] })
  before.socket.destroy()
  behind.socket.destroy()
})

it('reads nothing more while a token is checked, and goes on afterwards', async () => {
  const { port, routes } = await build()
  let settle = (): void => {}
  routes.checking = new Promise((resolve) => (settle = resolve))
  const talker = await Talker.to(port)
  await talker.send([Buffer.from(publish('a')), Buffer.from(publish('b'))])
  expect(await talker.answer(false, false)).toBeUndefined()
  expect(routes.published).toBe(0)
  settle()
  expect(await bodiesOf(talker, 2)).toEqual(['a', 'b'])
  expect(routes).toMatchObject({ published: 2, handed: 0 })
  talker.socket.destroy()
})

it('answers a client that closed its side behind the request', async () => {
  const { port } = await build()
  const talker = await Talker.to(port)
  talker.socket.end(publish('abc'))
  expect(await bodiesOf(talker, 1)).toEqual(['abc'])
  await eventually(() => talker.isClosed)
})

it('answers 400 to half a request behind which the client closed its side', async () => {
  const { port } = await build()
  const talker = await Talker.to(port)
  talker.socket.end('POST /v1/ev')
  expect(await talker.answer(false, true)).toContain('HL_REQUEST_MALFORMED')
})

it('answers 408 to a connection on which nothing comes', async () => {
  const { port } = await build(2)
  const talker = await Talker.to(port)
  expect(await talker.answer(false, true)).toContain('HL_REQUEST_TIMEOUT')
})

it('gives half a request to node:http, whose deadlines it then has', async () => {
  const { port, routes } = await build(10)
  const talker = await Talker.to(port)
  await talker.send([Buffer.from(publish('whole').slice(0, -2))])
  await eventually(() => routes.handed === 1)
  await talker.send([Buffer.from('le')])
  expect(await bodiesOf(talker, 1)).toEqual(['whole'])
  talker.socket.destroy()
})

it('closes a connection that has had its answers and asks for nothing', async () => {
  const { port } = await build(2)
  const talker = await Talker.to(port)
  await talker.send([Buffer.from(publish('a'))])
  expect(await bodiesOf(talker, 1)).toEqual(['a'])
  await eventually(() => talker.isClosed)
})

it('closes idle connections at once and busy ones with their answer', async () => {
  const { port, routes, door } = await build()
  const idle = await Talker.to(port)
  const busy = await Talker.to(port)
  await idle.send([Buffer.from(publish('a'))])
  await bodiesOf(idle, 1)
  let settle = (): void => {}
  routes.checking = new Promise((resolve) => (settle = resolve))
  await busy.send([Buffer.from(publish('b'))])
  expect(await busy.answer(false, false)).toBeUndefined()
  door.close()
  await eventually(() => idle.isClosed)
  expect(busy.isClosed).toBe(false)
  settle()
  expect(await bodiesOf(busy, 1)).toEqual(['b'])
  await eventually(() => busy.isClosed)
})

it('stops reading from a client that does not take its answers', async () => {
  const { port, routes } = await build()
  const talker = await Talker.to(port)
  talker.socket.pause()
  const bytes = Buffer.from(publish('x'.repeat(60_000)))
  const total = 400
  for (let count = 0; count < total; count++) talker.socket.write(bytes)
  await eventually(() => routes.published > 0)
  let before = -1
  await eventually(async () => {
    before = routes.published
    await new Promise((resolve) => setTimeout(resolve, 100))
    return routes.published === before
  })
  expect(before).toBeLessThan(total)
  talker.socket.resume()
  await eventually(() => routes.published === total, 20_000)
  talker.socket.destroy()
})
