/**
 * Acknowledged appends of 200 bytes from 64 publishers with one append in flight each.
 *
 *     npx tsx --conditions=@heartline/source brokers/disk/bench/append.ts [seconds] [folder] [topics]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createMemoryBroker, type Broker } from '@heartline/broker'
import { openDiskBroker } from '../src/index.ts'

const PUBLISHERS = 64
const seconds = Number(process.argv[2] ?? 5)
const folder = process.argv[3] ?? tmpdir()
const topics = Number(process.argv[4] ?? PUBLISHERS)
const data = 'x'.repeat(200)

interface Result {
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly loopP99: number
  readonly cpu: number
}

async function measure(broker: Broker): Promise<Result> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const latencies: number[] = []
  const cpuBefore = process.cpuUsage()
  delay.enable()
  const started = performance.now()
  const end = started + seconds * 1_000
  const publish = async (publisher: number): Promise<void> => {
    const entry = { topics: [`topic/${publisher % topics}`], data }
    while (performance.now() < end) {
      const before = performance.now()
      await broker.append([entry])
      latencies.push(performance.now() - before)
      // The memory broker answers in the same turn: without this no timer would run.
      if (broker.durability === 'memory') await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.all(Array.from({ length: PUBLISHERS }, (_, publisher) => publish(publisher)))
  const elapsedMs = performance.now() - started
  delay.disable()
  const { user, system } = process.cpuUsage(cpuBefore)
  latencies.sort((a, b) => a - b)
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0
  return {
    rate: (latencies.length / elapsedMs) * 1_000,
    p50: at(0.5),
    p99: at(0.99),
    // The monitor's own timer counts one millisecond even when nothing delays it.
    loopP99: Math.max(0, delay.percentile(99) / 1e6 - 1),
    cpu: (user + system) / 1_000 / elapsedMs,
  }
}

function print(name: string, { rate, p50, p99, loopP99, cpu }: Result): void {
  const figures = [
    `${Math.round(rate).toLocaleString('en')} appends/s`,
    `p50 ${p50.toFixed(2)} ms`,
    `p99 ${p99.toFixed(2)} ms`,
    `loop delay p99 ${loopP99.toFixed(2)} ms`,
    `CPU ${(cpu * 100).toFixed(0)} %`,
  ]
  console.log(`${name.padEnd(16)} ${figures.join(' | ')}`)
}

for (const fsync of ['always', 'interval', 'never'] as const) {
  const directory = await mkdtemp(join(folder, 'heartline-bench-'))
  const broker = await openDiskBroker({ directory, fsync })
  print(`fsync ${fsync}`, await measure(broker))
  await broker.close()
  await rm(directory, { recursive: true })
}
const memory = createMemoryBroker()
print('memory', await measure(memory))
await memory.close()
