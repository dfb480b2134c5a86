/**
 * A relay of a hub in another process, through a unix socket: appends of 200 bytes with one and
 * with 64 in flight, and how many entries a second the stream of the log brings.
 *
 *     npm run build && npx tsx --conditions=@heartline/source brokers/relay/bench/relay.ts [seconds]
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Broker, Entry } from '@heartline/broker'
import { openRelayBroker } from '../src/index.ts'

const PROGRAM = fileURLToPath(new URL('../../../packages/server/bin/heartline.js', import.meta.url))
const BATCH = 100
const seconds = Number(process.argv[2] ?? 3)
const data = 'x'.repeat(200)

/** Rates and latencies of appends with so many in flight. */
async function measureAppends(broker: Broker, publishers: number): Promise<string> {
  const latencies: number[] = []
  const started = performance.now()
  const end = started + seconds * 1_000
  const publish = async (publisher: number): Promise<void> => {
    while (performance.now() < end) {
      const before = performance.now()
      await broker.append([{ topics: [`topic/${publisher}`], data }])
      latencies.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: publishers }, (_, publisher) => publish(publisher)))
  latencies.sort((a, b) => a - b)
  const at = (share: number): string =>
    (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2)
  const rate = Math.round((latencies.length / (performance.now() - started)) * 1_000)
  return `${rate} appends/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}

/** Entries a second that reach a tail, appended by a second relay in lists of a hundred. */
async function measureStream(reader: Broker, writer: Broker): Promise<string> {
  let received = 0
  const { last } = await reader.state()
  const tail = await reader.tail(last.offset, {
    entries: (batch: readonly Entry[]) => (received += batch.length),
    state: () => {},
    reset: () => {},
  })
  const entries = Array.from({ length: BATCH }, (_, n) => ({ topics: [`topic/${n}`], data }))
  const cpu = process.cpuUsage()
  const started = performance.now()
  const publish = async (): Promise<void> => {
    while (performance.now() < started + seconds * 1_000) await writer.append(entries)
  }
  await Promise.all([publish(), publish(), publish(), publish()])
  const elapsedMs = performance.now() - started
  tail.close()
  const { user, system } = process.cpuUsage(cpu)
  const busy = Math.round(((user + system) / 1_000 / elapsedMs) * 100)
  return `${Math.round((received / elapsedMs) * 1_000)} entries/s, CPU of writer and reader ${busy} %`
}

const directory = mkdtempSync(join(tmpdir(), 'hl-relay-bench-'))
const url = `unix:${join(directory, 'hub.sock')}`
const upstream = spawn(process.execPath, [PROGRAM, 'serve', '--listen', url], { stdio: 'ignore' })
try {
  const relay = await openRelayBroker({ url })
  const other = await openRelayBroker({ url })
  console.log(`one in flight   ${await measureAppends(relay, 1)}`)
  console.log(`64 in flight    ${await measureAppends(relay, 64)}`)
  console.log(`stream          ${await measureStream(other, relay)}`)
  await Promise.all([relay.close(), other.close()])
} finally {
  upstream.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
}
