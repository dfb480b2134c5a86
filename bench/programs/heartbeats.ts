// What heartbeats cost: many idle sessions over several processes, the CPU of each process over a
// minute, and the same for as many plain node:http processes with one timer per session.
//
//   npx tsx bench/programs/heartbeats.ts [sessions] [processes] [seconds] [heartbeat in ms]
//
// 50,000 sessions need 50,000 sockets on each side: the readers are processes of their own, with one
// source address each, and no process holds more than its share.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { Child, endOnSignals } from '../run/child.ts'
import { cpuNanoseconds } from '../run/cpu-time.ts'
import { freePort } from '../run/free-port.ts'
import { describeMachine } from '../run/machine.ts'
import { processTree } from '../run/process-tree.ts'

/** Ratio of the hub's CPU to that of a timer per session. */
const TARGET = 0.6
/** After the last session is open: what opening them left behind is collected. */
const SETTLE_MS = 20_000
const START_MS = 30_000
const OPEN_MS = 300_000
const PER_READER_PROCESS = 17_000
const HUB = fileURLToPath(new URL('../../packages/server/bin/heartline.js', import.meta.url))
const READERS = fileURLToPath(new URL('./idle-readers.mjs', import.meta.url))
const PLAIN = fileURLToPath(new URL('./timer-per-session.mjs', import.meta.url))

interface Plan {
  readonly sessions: number
  readonly processes: number
  readonly seconds: number
  readonly heartbeatMs: number
}

/** The servers of one side, and the ports that the readers are spread over. */
interface Side {
  readonly name: string
  readonly children: readonly Child[]
  readonly ports: readonly number[]
}

interface Measured {
  /** Percent of one core, by process. */
  readonly shares: readonly number[]
  readonly residentMib: readonly number[]
  /** Heartbeats that the readers saw a second. */
  readonly beatsPerSecond: number
  readonly lost: number
}

endOnSignals()
const [sessions = 50_000, processes = 3, seconds = 60, heartbeatMs = 15_000] = process.argv
  .slice(2)
  .map(Number)
const plan: Plan = { sessions, processes, seconds, heartbeatMs }
const { processor, cores, system, node } = describeMachine()
console.log(`${processor}, ${cores} cores, ${system}, Node.js ${node}`)
console.log(
  `${sessions} idle sessions over ${processes} processes, a heartbeat every ${heartbeatMs} ms, ` +
    `CPU over ${seconds} s`,
)
const plain = await measure(await startPlain(plan), plan)
const hub = await measure(await startHub(plan), plan)
const ratio = total(hub.shares) / total(plain.shares)
console.log(`ratio of all processes: ${ratio.toFixed(2)} (target: at most ${TARGET})`)
const isRight = ratio <= TARGET && hub.lost === 0 && plain.lost === 0
process.exit(isRight ? 0 : 1)

async function startHub({ processes, heartbeatMs, sessions }: Plan): Promise<Side> {
  const port = await freePort()
  const flags = ['--workers', String(processes), '--listen', `127.0.0.1:${port}`]
  // The limit makes a worker with more than its share send readers on to the others.
  const limits = ['--max-sessions', String(sessions + processes), '--log-level', 'warn']
  const heartbeat = ['--heartbeat', `${heartbeatMs}ms`]
  const child = await listening([HUB, 'serve', ...flags, ...limits, ...heartbeat])
  const name = processes > 1 ? `heartline serve --workers ${processes}` : 'heartline serve'
  return { name, children: [child], ports: Array.from({ length: processes }, () => port) }
}

async function startPlain({ processes, heartbeatMs }: Plan): Promise<Side> {
  const children: Child[] = []
  const ports: number[] = []
  for (let n = 0; n < processes; n++) {
    const port = await freePort()
    ports.push(port)
    children.push(await listening([PLAIN, String(port), String(heartbeatMs)]))
  }
  return { name: 'node:http, a timer per session', children, ports }
}

async function listening(args: readonly string[]): Promise<Child> {
  const child = new Child([process.execPath, ...args], { piped: true })
  let output = ''
  child.process.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
  await until(() => output.includes('listening on http') || child.hasEnded, START_MS)
  if (child.hasEnded) throw new Error(`A server ended: ${child.log}`)
  return child
}

async function measure(side: Side, { sessions, seconds }: Plan): Promise<Measured> {
  const readers = startReaders(side, sessions)
  await until(() => readers.every(({ isOpen }) => isOpen), OPEN_MS)
  console.log(`${side.name}: ${sessions} sessions are open`)
  await sleep(SETTLE_MS)
  const pids = side.children.flatMap(({ pid }) => processTree(pid)).filter(isNode)
  const before = pids.map(cpuNanoseconds)
  for (const reader of readers) reader.beats = 0
  const startedAt = performance.now()
  await sleep(seconds * 1_000)
  const elapsedMs = performance.now() - startedAt
  const shares = pids.map(
    (pid, index) => (cpuNanoseconds(pid) - (before[index] ?? 0)) / 1e4 / elapsedMs,
  )
  const beats = readers.reduce((sum, reader) => sum + reader.beats, 0)
  const result = {
    shares,
    residentMib: pids.map(residentMib),
    beatsPerSecond: beats / (elapsedMs / 1_000),
    lost: readers.reduce((sum, reader) => sum + reader.lost, 0),
  }
  print(result)
  await Promise.all([...readers.map(({ child }) => child.stop()), ...stopAll(side)])
  return result
}

interface ReaderProcess {
  readonly child: Child
  isOpen: boolean
  beats: number
  lost: number
}

function startReaders({ ports }: Side, sessions: number): ReaderProcess[] {
  const perPort = Math.ceil(sessions / ports.length)
  let source = 0
  return ports.flatMap((port, index) => {
    const mine = Math.min(perPort, sessions - index * perPort)
    const parts = Math.ceil(mine / PER_READER_PROCESS)
    return Array.from({ length: parts }, (_, part) => {
      const share = Math.floor(mine / parts) + (part < mine % parts ? 1 : 0)
      return startReader(`127.1.0.${++source}`, port, share)
    })
  })
}

function startReader(source: string, port: number, count: number): ReaderProcess {
  const command = [process.execPath, READERS, source, String(port), String(count)]
  const child = new Child(command, { piped: true })
  const reader: ReaderProcess = { child, isOpen: false, beats: 0, lost: 0 }
  child.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n')) {
      const [word, number, , lost] = line.split(' ')
      if (word === 'open') reader.isOpen = true
      if (word !== 'beats') continue
      reader.beats += Number(number)
      reader.lost = Number(lost)
    }
  })
  return reader
}

function stopAll({ children }: Side): Promise<void>[] {
  return children.map((child) => child.stop())
}

function print({ shares, residentMib, beatsPerSecond, lost }: Measured): void {
  const each = shares.map((share, index) => `${share.toFixed(2)} % (${residentMib[index]} MiB)`)
  console.log(`  CPU of each process (resident memory): ${each.join(', ')}`)
  console.log(
    `  all: ${total(shares).toFixed(2)} % of a core; ${beatsPerSecond.toFixed(0)} heartbeats/s ` +
      `arrived; ${lost} sessions lost`,
  )
}

/** Wrappers that became the program have its pid; what else is in the tree is no server. */
function isNode(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(process.execPath)
}

function residentMib(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]
  return Math.round((Number(pages) * 4096) / 2 ** 20)
}

function total(shares: readonly number[]): number {
  return shares.reduce((sum, share) => sum + share, 0)
}

async function until(condition: () => boolean, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > end) throw new Error('It did not begin in time')
    await sleep(100)
  }
}
