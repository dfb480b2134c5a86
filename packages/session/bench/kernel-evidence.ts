// What one look at the kernel's tables costs with many open connections: time, CPU of the process
// and of its main thread, and for how long the event loop was held. Both ends are on this machine
// and in the tables; holders keep them in processes of their own.
//
//   npx tsx --conditions=@heartline/source packages/session/bench/kernel-evidence.ts [sockets] [rounds]
//
// In a network namespace of its own nothing else is counted:
//   unshare --net sh -c 'ip link set lo up; npx tsx … 40000'

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKernelWatch, createSession, type Session, type Transport } from '../src/index.ts'
import { scanTcpTable } from '../src/kernel-evidence/tcp-table.ts'

/** Both ends of a connection are descriptors of one process, and limits are often 20,000. */
const CONNECTIONS_PER_HOLDER = 8_000
const HOLDER = `
const net = require('node:net')
const [address, count] = process.argv.slice(1)
const kept = []
const server = net.createServer((socket) => kept.push(socket)).listen({ host: address, port: 0, backlog: 1000 })
server.once('listening', () => {
  const open = () => {
    if (kept.length >= 2 * count) return console.log('open')
    const socket = net.connect(server.address().port, address, () => { kept.push(socket); open() })
  }
  open()
})
process.stdin.resume().on('end', () => process.exit())
`

class NoTransport implements Transport {
  readonly framing = 'raw'
  readonly protocol = 'http/1.1'
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort: number
  readonly localPort = 1
  readonly over = false

  constructor(remotePort: number) {
    this.remotePort = remotePort
  }

  write(): boolean {
    return true
  }

  end(): void {}
  destroy(): void {}
  listen(): void {}
}

async function hold(count: number, index: number): Promise<ChildProcess> {
  const address = `127.0.1.${index + 1}`
  const child = spawn(process.execPath, ['-e', HOLDER, address, String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  return child
}

interface Cost {
  readonly cpuMs: number
  readonly mainThreadMs: number
  readonly heldMs: { readonly p99: number; readonly max: number }
}

/** What the process and its event loop went through while something ran. */
async function costOf(run: () => Promise<unknown>): Promise<Cost> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const cpuBefore = process.cpuUsage()
  const loopBefore = performance.eventLoopUtilization()
  delay.enable()
  await run()
  delay.disable()
  const cpu = process.cpuUsage(cpuBefore)
  return {
    cpuMs: (cpu.user + cpu.system) / 1_000,
    mainThreadMs: performance.eventLoopUtilization(loopBefore).active,
    heldMs: { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 },
  }
}

/** Looks so many times; answers how long each took. */
function look(sessions: Set<Session>, rounds: number): Promise<number[]> {
  const durations: number[] = []
  return new Promise((resolve) => {
    const watch = createKernelWatch({
      sessions,
      roundMs: 100,
      onRound: ({ durationMs }) => {
        durations.push(durationMs)
        if (durations.length < rounds) return
        watch.stop()
        resolve(durations)
      },
    })
    watch.start()
  })
}

/** Microseconds that the event loop is held to look through what one read gives. */
function timeScans(path: string): number[] {
  const times: number[] = []
  const buffer = Buffer.alloc(65_536)
  const file = openSync(path, 'r')
  for (;;) {
    const bytes = readSync(file, buffer)
    if (bytes === 0) break
    const startedAt = performance.now()
    scanTcpTable(buffer, bytes, () => {})
    times.push((performance.now() - startedAt) * 1_000)
  }
  closeSync(file)
  return times
}

async function measure(sockets: number, rounds: number): Promise<void> {
  const sessions = new Set<Session>()
  for (let n = 0; n < sockets / 2; n++) sessions.add(createSession(new NoTransport(n % 65_536)))
  await look(sessions, 2)
  let durations: number[] = []
  const startedAt = performance.now()
  const looking = await costOf(async () => (durations = await look(sessions, rounds)))
  const resting = await costOf(() => sleep(performance.now() - startedAt))
  const scans = timeScans('/proc/self/net/tcp')
  console.log({
    lines: readFileSync('/proc/self/net/tcp', 'latin1').split('\n').length - 2,
    rounds,
    durationMs: median(durations),
    cpuMsPerRound: (looking.cpuMs - resting.cpuMs) / rounds,
    mainThreadMsPerRound: (looking.mainThreadMs - resting.mainThreadMs) / rounds,
    heldMsLooking: looking.heldMs,
    heldMsResting: resting.heldMs,
    reads: scans.length,
    scanMicroseconds: { median: median(scans), max: Math.max(...scans) },
  })
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

const sockets = Number(process.argv[2] ?? 10_000)
const rounds = Number(process.argv[3] ?? 20)
const holders: ChildProcess[] = []
for (let left = sockets / 2; left > 0; left -= CONNECTIONS_PER_HOLDER) {
  holders.push(await hold(Math.min(left, CONNECTIONS_PER_HOLDER), holders.length))
}
await measure(sockets, rounds)
for (const holder of holders) holder.stdin?.end()
