// Ten thousand idle sessions on one process: the number of timers stays the same while sessions are
// opened and closed, every session gets its heartbeats, and memory per session is printed.
//
//   npx tsx test/e2e/ten-thousand.ts [sessions] [heartbeat in ms]

import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { childEnd, killChild, startChild } from '../kit/child.ts'
import { httpCall } from '../kit/http-call.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { waitFor } from '../kit/wait-for.ts'
import type { ResourceReport } from './ten-thousand-hub.ts'

const PROGRAM = fileURLToPath(new URL('./ten-thousand-hub.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const STEPS = 5
const BURST = 100
const NODE_FLAGS = ['--expose-gc', '--conditions=@heartline/source', '--import', 'tsx']

export interface IdleOptions {
  readonly sessions: number
  readonly heartbeatMs: number
  readonly log: (line: string) => void
}

export interface IdleResult {
  /** At 0 sessions, after each step, and at 0 again. */
  readonly reports: readonly ResourceReport[]
  /** Sessions that got at least one heartbeat. */
  readonly withHeartbeat: number
  /** Sessions that got the event that was published to all. */
  readonly withEvent: number
  readonly bytesPerSession: number
  readonly heapPerSession: number
}

interface IdleReader {
  readonly socket: Socket
  heartbeat: boolean
  event: boolean
  open: boolean
}

export async function runIdle({ sessions, heartbeatMs, log }: IdleOptions): Promise<IdleResult> {
  const child = startChild(process.execPath, [...NODE_FLAGS, PROGRAM, String(heartbeatMs)], {
    // `tsx` is found from the root.
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const readers: IdleReader[] = []
  try {
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout?.once('data', (text: Buffer) => resolve(Number(String(text).slice(5))))
      child.once('exit', () => reject(new Error('The hub process ended while starting')))
    })
    const look = async (): Promise<ResourceReport> => {
      const answer = await httpCall(`http://127.0.0.1:${port}/report`)
      const report = JSON.parse(answer.text) as ResourceReport
      log(JSON.stringify(report))
      return report
    }
    // The first request loads code and fills pools, which is not the price of a session.
    await openMany(readers, 10, port)
    const reports = [await look()]
    for (let step = 1; step <= STEPS; step++) {
      await openMany(readers, Math.round((sessions * step) / STEPS), port)
      reports.push(await look())
    }
    for (const reader of readers) reader.heartbeat = false
    await waitFor(() => readers.every((reader) => reader.heartbeat), {
      what: 'every session got a heartbeat',
      timeoutMs: heartbeatMs * 3 + 10_000,
      everyMs: 100,
    }).catch((error: unknown) => log(String(error)))
    const withHeartbeat = readers.filter((reader) => reader.heartbeat).length
    await httpCall(`http://127.0.0.1:${port}/publish`)
    await waitFor(() => readers.every((reader) => reader.event), {
      what: 'every session got the event',
    }).catch((error: unknown) => log(String(error)))
    const withEvent = readers.filter((reader) => reader.event).length
    reports.push(await look())
    for (const { socket } of readers) socket.destroy()
    await waitFor(async () => (await look()).sessions === 0, {
      what: 'every session has ended',
      everyMs: 500,
    })
    reports.push(await look())
    const [empty] = reports
    const full = reports[STEPS]
    if (empty === undefined || full === undefined) throw new Error('There is no report')
    const added = full.sessions - empty.sessions
    return {
      reports,
      withHeartbeat,
      withEvent,
      bytesPerSession: (full.rssBytes - empty.rssBytes) / added,
      heapPerSession: (full.heapBytes - empty.heapBytes) / added,
    }
  } finally {
    for (const { socket } of readers) socket.destroy()
    killChild(child)
    await childEnd(child)
  }
}

async function openMany(readers: IdleReader[], until: number, port: number): Promise<void> {
  while (readers.length < until) {
    const count = Math.min(BURST, until - readers.length)
    const opened = Array.from({ length: count }, () => openOne(port))
    readers.push(...opened)
    await waitFor(() => opened.every(({ open }) => open), { what: 'sessions open', everyMs: 2 })
  }
}

/** A bare socket: ten thousand HTTP clients would cost this process more than the hub. */
function openOne(port: number): IdleReader {
  const socket = connect(port, '127.0.0.1')
  const reader: IdleReader = { socket, heartbeat: false, event: false, open: false }
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    reader.open = true
    if (chunk.includes(': hb ')) reader.heartbeat = true
    if (chunk.includes('data: now')) reader.event = true
  })
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
  return reader
}

/** What is wrong with a run, in words. */
export function idleProblems(result: IdleResult, sessions: number): string[] {
  const problems: string[] = []
  const active = result.reports.map(({ activeTimeouts }) => activeTimeouts)
  if (Math.max(...active) > 4) problems.push(`active timers: ${active.join(', ')}`)
  const first = result.reports[0]?.timeoutsMade ?? 0
  const made = (result.reports[STEPS]?.timeoutsMade ?? 0) - first
  // The wheel's one timer is made anew now and then: a number that grows with time, not sessions.
  if (made > sessions / 10) problems.push(`${made} timers were made for ${sessions} sessions`)
  if (result.reports[STEPS]?.sessions !== sessions) problems.push('not every session was open')
  if (result.withHeartbeat !== sessions) problems.push(`${result.withHeartbeat} got a heartbeat`)
  if (result.withEvent !== sessions) problems.push(`${result.withEvent} got the event`)
  return problems
}

async function main(): Promise<boolean> {
  const [sessions = 10_000, heartbeatMs = 15_000] = process.argv.slice(2).map(Number)
  const result = await runIdle({ sessions, heartbeatMs, log: console.log })
  const timers = result.reports.map((report) => `${report.sessions}: ${report.activeTimeouts}`)
  console.log(`active timers by sessions: ${timers.join(', ')}`)
  const made = result.reports.map((report) => report.timeoutsMade)
  console.log(`timers ever made at the same moments: ${made.join(', ')}`)
  console.log(
    `per session: ${Math.round(result.bytesPerSession)} bytes of RSS, ` +
      `${Math.round(result.heapPerSession)} of them heap`,
  )
  console.log(`heartbeats to ${result.withHeartbeat}, the event to ${result.withEvent} sessions`)
  const problems = idleProblems(result, sessions)
  for (const problem of problems) console.log(`WRONG ${problem}`)
  return problems.length === 0
}

if (isMain(import.meta.url)) await runMain(main)
