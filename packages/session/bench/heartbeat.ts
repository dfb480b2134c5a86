/**
 * CPU of heartbeats: one wheel for all sessions beside a timer for each, over loopback, in windows
 * that alternate. Usage: npx tsx --conditions=@heartline/source packages/session/bench/heartbeat.ts
 * [sessions] [seconds]
 */
import { fork, type ChildProcess } from 'node:child_process'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { createNodeSession, testSeams, type Session } from '../src/index.ts'

const COUNT = Number(process.argv[2] ?? 2_000)
const WINDOW_MS = Number(process.argv[3] ?? 5) * 1_000
const ROUNDS = 3

const sessions: Session[] = []
const responses: http.ServerResponse[] = []

async function connect(listener: http.RequestListener): Promise<ChildProcess> {
  const server = http.createServer(listener).unref()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const child = fork(new URL('./readers.ts', import.meta.url), [String(port), String(COUNT)])
  await new Promise((resolve) => child.once('message', resolve))
  return child
}

/** Milliseconds of CPU in one window. */
async function watch(): Promise<number> {
  const before = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, WINDOW_MS))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

async function withWheel(): Promise<number> {
  for (const session of sessions) session.setHeartbeat(1_000)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const cpu = await watch()
  for (const session of sessions) session.setHeartbeat(0)
  return cpu
}

async function withTimers(): Promise<number> {
  const timers = responses.map((response) => setInterval(() => response.write(':\n\n'), 1_000))
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const cpu = await watch()
  for (const timer of timers) clearInterval(timer)
  return cpu
}

/** Sessions that had data need no heartbeat: what is left is the look at the wheel. */
async function busy(): Promise<number> {
  for (const session of sessions) session.setHeartbeat(1_000)
  const feeding = setInterval(() => {
    for (const session of sessions) session.comment('data')
  }, 700)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const fed = await watch()
  for (const session of sessions) session.setHeartbeat(0)
  const without = await watch()
  clearInterval(feeding)
  return fed - without
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

await testSeams()
const children = [
  await connect((request, response) => {
    sessions.push(createNodeSession(request, response, { heartbeatMs: 0 }))
  }),
  await connect((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(':\n\n')
    responses.push(response)
  }),
]
const wheel: number[] = []
const timers: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  wheel.push(await withWheel())
  timers.push(await withTimers())
}
const [one, other] = [median(wheel), median(timers)]
console.log(
  `wheel ${one.toFixed(0)} ms, a timer each ${other.toFixed(0)} ms CPU in ${WINDOW_MS} ms`,
)
console.log(`ratio ${(one / other).toFixed(2)} at ${COUNT} sessions, one heartbeat a second`)
console.log(`busy sessions: ${(await busy()).toFixed(0)} ms more than without heartbeats`)
for (const child of children) child.kill()
