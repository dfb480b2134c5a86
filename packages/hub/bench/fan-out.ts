/**
 * What the hub itself costs: publish to bytes handed over, with transports that only count. One
 * cohort of 1, 700 and 10,000 readers, with one event and with 16 events a turn; beside it a bare
 * loop over the sessions' `writeFramed`, which is what no hub can be cheaper than.
 *
 * Prints medians of interleaved rounds: microseconds an event (one reader: the way of an event),
 * nanoseconds a delivery beyond it. Usage:
 * node --expose-gc --import tsx --conditions=@heartline/source packages/hub/bench/fan-out.ts [rounds]
 */
import { createMemoryBroker } from '@heartline/broker'
import { createSession, type Session, type Transport } from '@heartline/session'
import { createHub, type Hub } from '../src/index.ts'

const ROUNDS = Number(process.argv[2] ?? 7)
const DATA = 'x'.repeat(120)

class Sink implements Transport {
  readonly framing = 'chunked'
  readonly protocol = 'http/1.1'
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
  readonly readers: number
  readonly perTurn: number
  readonly nanoseconds: number[] = []
  readonly bare: number[] = []
  readonly #hub: Hub
  readonly #sinks: readonly Sink[]
  readonly #sessions: readonly Session[]

  constructor(hub: Hub, sinks: readonly Sink[], sessions: readonly Session[], perTurn: number) {
    this.#hub = hub
    this.#sinks = sinks
    this.#sessions = sessions
    this.readers = sinks.length
    this.perTurn = perTurn
  }

  static async open(readers: number, perTurn: number): Promise<Side> {
    const hub = await createHub({ broker: createMemoryBroker({ maxEntries: 10_000 }) })
    const sinks = Array.from({ length: readers }, () => new Sink())
    const sessions = sinks.map((sink) => createSession(sink, { heartbeatMs: 0 }))
    for (const session of sessions) hub.attach(session, hub.admit({ selectors: ['bench'] }))
    while (hub.stats().replaying > 0) await nextTurn()
    return new Side(hub, sinks, sessions, perTurn)
  }

  async round(): Promise<void> {
    const turns = Math.ceil(Math.max(64, 400_000 / this.readers) / this.perTurn)
    const events = turns * this.perTurn
    const startedAt = process.hrtime.bigint()
    for (let turn = 0; turn < turns; turn++) await this.#turn()
    const took = Number(process.hrtime.bigint() - startedAt)
    this.nanoseconds.push(took / events)
    this.bare.push(this.#bareLoop(turns) / events)
  }

  async #turn(): Promise<void> {
    const last = this.#sinks[0]
    const before = last?.writes ?? 0
    for (let n = 0; n < this.perTurn; n++) void this.#hub.publish([{ topic: 'bench', data: DATA }])
    // Served last: members are written to from the end of the list.
    while (last?.writes === before) await nextTurn()
  }

  #bareLoop(turns: number): number {
    const bytes = Buffer.alloc(200)
    const startedAt = process.hrtime.bigint()
    for (let turn = 0; turn < turns; turn++) {
      for (const session of this.#sessions) session.writeFramed(bytes)
    }
    return Number(process.hrtime.bigint() - startedAt)
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const sides: Side[] = []
for (const readers of [1, 700, 10_000]) {
  for (const perTurn of [1, 16]) sides.push(await Side.open(readers, perTurn))
}
globalThis.gc?.()
for (let round = 0; round <= ROUNDS; round++) {
  for (const side of sides) {
    await side.round()
    // The first round warms up.
    if (round === 0) side.nanoseconds.length = side.bare.length = 0
  }
}
for (const { readers, perTurn, nanoseconds, bare } of sides) {
  const event = median(nanoseconds)
  const delivery = (event / readers) * perTurn
  const floor = (median(bare) / readers) * perTurn
  console.log(
    `${readers} readers, ${perTurn} a turn: ${(event / 1_000).toFixed(2)} us an event, ` +
      `${delivery.toFixed(0)} ns a write (writeFramed alone ${floor.toFixed(0)} ns)`,
  )
}
process.exit(0)
