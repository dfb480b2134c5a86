/**
 * Publishes to a hub in this very process, with one reader over loopback, for so long, and prints
 * `{ perSecond, cpuMicroseconds, missing }` as JSON. Usage: in-process MILLISECONDS EVENTS_PER_CALL
 */
import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { createMemoryBroker } from '@heartline/broker'
import { createHub, createNodeHandler } from '@heartline/hub'

const FOR_MS = Number(process.argv[2] ?? 1_000)
const BATCH = Number(process.argv[3] ?? 1)
const CALLERS = 16
// Once in each event. A chunk may end inside a longer one, and then it would not be found.
const MARK = 'M'
const EVENT = { topic: 'bench', data: `${MARK}${'x'.repeat(183)}` }

const hub = await createHub({ broker: createMemoryBroker() })
const handle = createNodeHandler(hub)
const server = createServer((request, response) => void handle(request, response)).listen(
  0,
  '127.0.0.1',
)
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const reader = get(`http://127.0.0.1:${port}/?topic=bench`)
const [response] = (await once(reader, 'response')) as [IncomingMessage]
let received = 0
let published = 0
response.setEncoding('latin1').on('data', (text: string) => {
  for (let at = text.indexOf(MARK); at !== -1; at = text.indexOf(MARK, at + 1)) received++
})

const events = Array.from({ length: BATCH }, () => EVENT)

async function run(forMs: number): Promise<void> {
  const end = performance.now() + forMs
  while (performance.now() < end) {
    const calls = Array.from({ length: CALLERS }, () => hub.publish(events))
    await Promise.all(calls)
    published += BATCH * CALLERS
    // A publish needs no turn of the event loop; what reads and writes does.
    await nextTurn()
  }
}

await run(FOR_MS / 2)
const warmUp = published
const before = process.cpuUsage()
const startedAt = performance.now()
await run(FOR_MS)
const seconds = (performance.now() - startedAt) / 1_000
const { user, system } = process.cpuUsage(before)
const counted = published - warmUp
for (let wait = 0; wait < 100 && received < published; wait++) await sleep(20)
console.log(
  JSON.stringify({
    perSecond: counted / seconds,
    cpuMicroseconds: (user + system) / counted,
    missing: published - received,
  }),
)
process.exit(0)
