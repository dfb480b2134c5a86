// What a publish costs the server beside 100,000 topics with one reader each, against 10 topics: the
// CPU time of `heartline serve` for one publish over HTTP, delivered to its one reader, in rounds
// that take turns. The topics of the large side are all published to, one after the other.
//
//   npx tsx bench/programs/topics.ts [topics] [readers] [rounds] [publishes a round]
//
// A process may hold 20,000 files here: a reader has several topics of its own.

import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { Child, endOnSignals } from '../run/child.ts'
import { cpuNanoseconds } from '../run/cpu-time.ts'
import { freePort } from '../run/free-port.ts'
import { describeMachine } from '../run/machine.ts'
import { median } from '../run/statistics.ts'

const LIMIT = 1.5
const FEW = 10
const START_MS = 300_000
const HUB = fileURLToPath(new URL('../../packages/server/bin/heartline.js', import.meta.url))
const READERS = fileURLToPath(new URL('./idle-readers.mjs', import.meta.url))
/** Has no factor in common with the number of topics: every topic has its turn. */
const STEP = 7_919

/** A hub, its readers, and what a publish cost in each round. */
class Side {
  readonly microseconds: number[] = []
  readonly #topics: number
  readonly #port: number
  readonly #children: readonly Child[]
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  #next = 0

  constructor(topics: number, port: number, children: readonly Child[]) {
    this.#topics = topics
    this.#port = port
    this.#children = children
  }

  static async open(topics: number, readers: number, source: string): Promise<Side> {
    const port = await freePort()
    const flags = ['--listen', `127.0.0.1:${port}`, '--max-sessions', '30000']
    const hub = await said([HUB, 'serve', ...flags, '--log-level', 'warn'], 'listening on http')
    const each = String(topics / readers)
    const command = [READERS, source, String(port), String(readers), each]
    return new Side(topics, port, [hub, await said(command, `open ${readers}`)])
  }

  async round(publishes: number): Promise<void> {
    const pid = this.#children[0]?.pid ?? 0
    const before = cpuNanoseconds(pid)
    for (let n = 0; n < publishes; n++) await this.#publish()
    this.microseconds.push((cpuNanoseconds(pid) - before) / publishes / 1_000)
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    await Promise.all(this.#children.map((child) => child.stop()))
  }

  #publish(): Promise<void> {
    this.#next = (this.#next + STEP) % this.#topics
    const body = JSON.stringify({ topic: `room/${this.#next}`, data: 'x' })
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    const options = { port: this.#port, path: '/v1/events', method: 'POST', headers }
    return new Promise((resolve, reject) => {
      const call = request({ ...options, host: '127.0.0.1', agent: this.#agent }, (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 201) resolve()
          else reject(new Error(`A publish was answered with ${response.statusCode}`))
        })
      })
      call.on('error', reject)
      call.end(body)
    })
  }
}

/** Starts a program and resolves once it said that it is ready. */
async function said(args: readonly string[], sentence: string): Promise<Child> {
  const child = new Child([process.execPath, ...args], { piped: true })
  let output = ''
  child.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (!output.includes(sentence)) output += text
  })
  const end = performance.now() + START_MS
  while (!output.includes(sentence)) {
    if (child.hasEnded) throw new Error(`A program ended: ${child.log}`)
    if (performance.now() > end) throw new Error(`Nobody said '${sentence}' in time`)
    await sleep(100)
  }
  return child
}

endOnSignals()
const [topics = 102_000, readers = 17_000, rounds = 11, publishes = 4_000] = process.argv
  .slice(2)
  .map(Number)
const { processor, cores, system, node } = describeMachine()
console.log(`${processor}, ${cores} cores, ${system}, Node.js ${node}`)
const few = await Side.open(FEW, FEW, '127.2.0.1')
const many = await Side.open(topics, readers, '127.2.0.2')
console.log(`${readers} readers of ${topics} topics are open`)
for (let round = 0; round <= rounds; round++) {
  for (const side of round % 2 === 0 ? [few, many] : [many, few]) await side.round(publishes)
}
// The first round warms up.
const [small, large] = [few, many].map(({ microseconds }) => median(microseconds.slice(1)))
const ratio = (large ?? Number.NaN) / (small ?? Number.NaN)
console.log(
  `a publish over HTTP: ${small?.toFixed(1)} us of CPU with ${FEW} topics, ` +
    `${large?.toFixed(1)} us with ${topics}, ratio ${ratio.toFixed(2)} (limit ${LIMIT})`,
)
await Promise.all([few, many].map((side) => side.close()))
process.exit(ratio <= LIMIT ? 0 : 1)
