/**
 * A publish costs what it matches, not what is there: the time of one publish beside 100,000 exact
 * topics of one in-process reader each, against 10 topics, in one interleaved run.
 *
 * The figure with the limit publishes to the same ten topics on both sides. The other one spreads
 * over all topics: it also holds what the memory broker's topic index and cold caches cost.
 * Ends with 1 when the ratio is above 1.5. Usage:
 * node --expose-gc --import tsx --conditions=@heartline/source packages/hub/bench/topics.ts [topics]
 */
import { createMemoryBroker } from '@heartline/broker'
import { createSession, type Transport } from '@heartline/session'
import { createHub, type Hub } from '../src/index.ts'

const MANY = Number(process.argv[2] ?? 100_000)
const FEW = 10
const ROUNDS = 11
const EVENTS = 2_000
const LIMIT = 1.5

/** Counts what it is handed. One shared by all sessions: the bench is of the hub. */
class Sink implements Transport {
  readonly framing = 'raw'
  readonly protocol = 'fetch'
  readonly remoteAddress = undefined
  readonly over = false
  writes = 0

  write(): boolean {
    this.writes++
    return true
  }

  end(): void {}
  destroy(): void {}
  listen(): void {}
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

class Side {
  readonly sink = new Sink()
  readonly hot: number[] = []
  readonly spread: number[] = []
  readonly #hub: Hub
  readonly #count: number
  #next = 0

  constructor(hub: Hub, count: number) {
    this.#hub = hub
    this.#count = count
  }

  static async open(count: number): Promise<Side> {
    const hub = await createHub({ broker: createMemoryBroker({ maxEntries: 1_000 }) })
    const side = new Side(hub, count)
    for (let n = 0; n < count; n++) {
      const session = createSession(side.sink, { heartbeatMs: 0 })
      hub.attach(session, hub.admit({ selectors: [`room/${n}`] }))
      if (n % 1_000 === 0) await nextTurn()
    }
    while (hub.stats().replaying > 0) await nextTurn()
    return side
  }

  async round(): Promise<void> {
    this.hot.push(await this.#publishTo(FEW))
    this.spread.push(await this.#publishTo(this.#count))
  }

  /** Publishes one event at a time; answers the microseconds of one until it was delivered. */
  async #publishTo(count: number): Promise<number> {
    const topics = Array.from({ length: EVENTS }, () => this.#topic(count))
    const before = this.sink.writes
    const startedAt = performance.now()
    for (const topic of topics) {
      await this.#hub.publish([{ topic, data: 'x' }])
      await nextTurn()
    }
    while (this.sink.writes - before < EVENTS) await nextTurn()
    return ((performance.now() - startedAt) / EVENTS) * 1_000
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
  console.log(`${name}: ${few} us with ${FEW}, ${many} us with ${MANY}, ratio ${ratio.toFixed(2)}`)
  return ratio
}

const few = await Side.open(FEW)
globalThis.gc?.()
const before = process.memoryUsage()
const many = await Side.open(MANY)
globalThis.gc?.()
const after = process.memoryUsage()
for (let round = 0; round < ROUNDS; round++) {
  for (const side of round % 2 === 0 ? [few, many] : [many, few]) await side.round()
}
const ratio = report(`publish to the same topics (limit ${LIMIT})`, few.hot, many.hot)
report('publish spread over all topics', few.spread, many.spread)
const perReader = (after.heapUsed - before.heapUsed) / MANY
console.log(
  `heap of one reader on a topic of its own, session included: ${perReader.toFixed(0)} bytes`,
)
process.exit(ratio <= LIMIT ? 0 : 1)
