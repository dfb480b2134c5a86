/**
 * A publish costs what it matches, not what is there: the CPU time of one publish beside 100,000 exact
 * topics of one reader each, against 10 topics, in interleaved rounds. Published to the same ten
 * topics on both sides, and spread over all of them.
 *
 * Two forms: all readers in this process, with transports that only count; and as many as the limit
 * of open files allows (9,000) on real sockets of another process, the rest in this one.
 * Ends with 1 when a ratio is above 1.5. Usage:
 * node --expose-gc --import tsx --conditions=@heartline/source packages/hub/bench/topics.ts [topics] [sockets]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createMemoryBroker } from '@heartline/broker'
import { createSession, type Transport } from '@heartline/session'
import { createHub, createNodeHandler, type Hub } from '../src/index.ts'

const READERS = fileURLToPath(new URL('./topic-readers.ts', import.meta.url))
const MANY = Number(process.argv[2] ?? 100_000)
const SOCKETS = Number(process.argv[3] ?? 9_000)
const FEW = 10
const ROUNDS = 15
const EVENTS = 2_000
const LIMIT = 1.5

/** Takes what it is handed. One shared by all sessions: the bench is of the hub. */
const sink: Transport = {
  framing: 'raw',
  protocol: 'fetch',
  remoteAddress: undefined,
  over: false,
  write: () => true,
  end() {},
  destroy() {},
  listen() {},
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

class Side {
  readonly hot: number[] = []
  readonly spread: number[] = []
  readonly #hub: Hub
  /** Topics that are published to. */
  readonly #count: number
  #endReaders: () => void = () => {}
  #next = 0

  constructor(hub: Hub, count: number) {
    this.#hub = hub
    this.#count = count
  }

  /** The first `sockets` topics have readers on sockets, and only they are published to then. */
  static async open(topics: number, sockets: number): Promise<Side> {
    const hub = await createHub({ broker: createMemoryBroker({ maxEntries: 1_000 }) })
    for (let n = sockets; n < topics; n++) {
      const session = createSession(sink, { heartbeatMs: 0 })
      hub.attach(session, hub.admit({ selectors: [`room/${n}`] }))
      if (n % 1_000 === 0) await nextTurn()
    }
    const side = new Side(hub, sockets > 0 ? sockets : topics)
    if (sockets > 0) await side.#openSockets(sockets)
    while (hub.stats().replaying > 0) await nextTurn()
    return side
  }

  async #openSockets(count: number): Promise<void> {
    const server = createServer(createNodeHandler(this.#hub) as unknown as RequestListener)
    server.listen(0, '127.0.0.1', 4_096)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const flags = ['--conditions=@heartline/source', '--import', 'tsx']
    const child = spawn(process.execPath, [...flags, READERS, String(port), String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#endReaders = () => void child.kill('SIGKILL')
    await once(child.stdout, 'data')
  }

  close(): void {
    this.#endReaders()
  }

  async round(): Promise<void> {
    this.hot.push(await this.#publishTo(Math.min(FEW, this.#count)))
    this.spread.push(await this.#publishTo(this.#count))
  }

  /**
   * Publishes one event at a time; answers the microseconds of CPU time of one. A machine that does
   * other things as well disturbs them less than the time that passes.
   */
  async #publishTo(count: number): Promise<number> {
    const topics = Array.from({ length: EVENTS }, () => this.#topic(count))
    const before = this.#hub.stats().delivered
    const cpu = process.cpuUsage()
    for (const topic of topics) {
      await this.#hub.publish([{ topic, data: 'x' }])
      await nextTurn()
    }
    const { user, system } = process.cpuUsage(cpu)
    while (this.#hub.stats().delivered - before < EVENTS) await nextTurn()
    return (user + system) / EVENTS
  }

  #topic(count: number): string {
    // A step that has no factor in common with the count visits every topic.
    this.#next = (this.#next + 7_919) % count
    return `room/${this.#next}`
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function report(name: string, small: readonly number[], large: readonly number[]): number {
  const ratio = median(large) / median(small)
  const [few, many] = [median(small).toFixed(1), median(large).toFixed(1)]
  const least = Math.min(...large) / Math.min(...small)
  console.log(
    `${name}: ${few} us with ${FEW}, ${many} us with ${MANY}, ` +
      `ratio ${ratio.toFixed(2)} (limit ${LIMIT}), of the best rounds ${least.toFixed(2)}`,
  )
  return ratio
}

async function compare(name: string, fewSockets: number, manySockets: number): Promise<number> {
  const few = await Side.open(FEW, fewSockets)
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  const many = await Side.open(MANY, manySockets)
  globalThis.gc?.()
  const perReader = (process.memoryUsage().heapUsed - before) / MANY
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of round % 2 === 0 ? [few, many] : [many, few]) await side.round()
  }
  const hot = report(`${name}, the same topics`, few.hot, many.hot)
  const spread = report(`${name}, spread over all`, few.spread, many.spread)
  console.log(`${name}: ${perReader.toFixed(0)} bytes of heap a reader, session included`)
  for (const side of [few, many]) side.close()
  return Math.max(hot, spread)
}

const inProcess = await compare('in this process', 0, 0)
const onSockets = SOCKETS === 0 ? 0 : await compare(`${SOCKETS} on sockets`, FEW, SOCKETS)
process.exit(Math.max(inProcess, onSockets) <= LIMIT ? 0 : 1)
