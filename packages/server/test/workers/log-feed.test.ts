import { existsSync, statSync } from 'node:fs'
import { connect, createServer as createNetServer, type Server, type Socket } from 'node:net'
import { openRelayBroker } from '@heartline/broker-relay'
import { afterEach, expect, it } from 'vitest'
import { createServer, type HeartlineServer } from '../../src/server.ts'
import { openPrivateLog, type PrivateLog } from '../../src/workers/private-log.ts'
import { socketIn } from '../../src/workers/private-directory.ts'
import { eventually, logLines, toConfig } from '../kit.ts'

const READERS = 1_000
const BATCH = 20

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** Between a worker and the first process: counts what the log sends. */
class CountingWay {
  bytes = 0
  readonly path: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(target: string, name: string) {
    this.path = `${target}.${name}`
    this.#server = createNetServer((near) => {
      const far = connect(target)
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => [near, far].forEach((it) => it.destroy()))
      }
      far.on('data', (chunk) => (this.bytes += chunk.length))
      near.pipe(far).pipe(near)
    })
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.path, resolve))
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}

async function startWorker(
  log: PrivateLog,
  name: string,
): Promise<{ server: HeartlineServer; way: CountingWay }> {
  const way = new CountingWay(socketIn(log.directory), name)
  await way.listen()
  const broker = await openRelayBroker({ url: `unix:${way.path}`, token: log.token })
  const server = await createServer(toConfig(), { broker })
  cleanUps.push(
    () => way.close(),
    () => server.stop(),
  )
  return { server, way }
}

/** Counts the events that all its sockets are given together. */
class Readers {
  events = 0
  open = 0
  readonly #url: URL

  constructor(server: HeartlineServer) {
    this.#url = new URL(server.url)
  }

  async add(count: number): Promise<void> {
    for (let n = 0; n < count; n++) this.#add()
    await eventually(() => this.open === count, 20_000)
  }

  #add(): void {
    const socket = connect(Number(this.#url.port), this.#url.hostname)
    cleanUps.push(() => socket.destroy())
    socket.setEncoding('latin1').on('error', () => {})
    socket.on('data', (text: string) => {
      if (text.includes('event: heartline.cursor')) this.open++
      this.events += text.split('data: event').length - 1
    })
    socket.write('GET /v1/events?topic=a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  }
}

async function publish(log: PrivateLog): Promise<void> {
  const events = Array.from({ length: BATCH }, (_, n) => ({ topic: 'a', data: `event ${n}` }))
  await log.hub.publish(events)
}

it('sends a batch to a worker once, for one reader as for a thousand', async () => {
  const { log: logger } = logLines()
  const log = await openPrivateLog(toConfig(), logger)
  cleanUps.push(() => log.stop())
  const few = await startWorker(log, 'one')
  const many = await startWorker(log, 'thousand')
  const one = new Readers(few.server)
  const thousand = new Readers(many.server)
  await one.add(1)
  await thousand.add(READERS)
  const before = [few.way.bytes, many.way.bytes]
  await publish(log)
  await eventually(() => one.events === BATCH && thousand.events === READERS * BATCH, 20_000)
  const [forOne = 0, forMany = 0] = [few, many].map(({ way }, n) => way.bytes - (before[n] ?? 0))
  expect(forOne).toBeGreaterThan(BATCH * 'event 0'.length)
  // A heartbeat may fall between.
  expect(forMany).toBeLessThan(forOne + 500)
}, 60_000)

it('is in a directory of its own, gone with the log, and let in with the secret only', async () => {
  const { log: logger } = logLines()
  const log = await openPrivateLog(toConfig(), logger)
  const open = openRelayBroker({ url: `unix:${socketIn(log.directory)}`, token: 'x.y.z' })
  await expect(open).rejects.toMatchObject({ code: 'HL_RELAY_REFUSED' })
  expect(statSync(log.directory).mode & 0o777).toBe(0o700)
  await log.stop()
  expect(existsSync(log.directory)).toBe(false)
})
