// All readers lose their connections at once and come back at once, with cursors that are old: half
// of them with the same, half with others. Each is owed 100 events or more. All of them are served
// in time, the hub's event loop stays responsive, and those who are live hardly notice.
//
// It happens several times over, since one storm is soon over: what 99 % of a live event's readers
// see is only known from many events.
//
//   npx tsx test/faults/storm.ts [readers] [live readers] [in flight] [memory|disk] [storms]

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { childEnd, killChild, startChild } from '../kit/child.ts'
import { httpCall } from '../kit/http-call.ts'
import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { percentile } from '../kit/percentile.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import type { StormOrder, StormReport } from './storm-readers.ts'

const PROGRAM = fileURLToPath(new URL('./storm-readers.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const NODE_FLAGS = ['--conditions=@heartline/source', '--import', 'tsx']
const OWED = 100
/** How many more than that the others are owed, at most. */
const SPREAD = 50
const LIVE_EVERY_MS = 5
const CALM_MS = 4_000
/** Between two storms: what the one before left behind is gone. */
const REST_MS = 1_500

export const STORM_LIMITS: Readonly<{ servedMs: number; lagMs: number; slowDown: number }> = {
  servedMs: 5_000,
  lagMs: 50,
  slowDown: 2,
}

export interface StormOptions {
  readonly readers: number
  readonly live: number
  readonly inFlight: number
  readonly store: 'memory' | 'disk'
  /** How often it happens. Default 1. */
  readonly storms?: number | undefined
}

/** What the worst of the storms took, and the live deliveries of all of them. */
export interface StormResult extends StormReport {
  /** CPU time that the hub used to serve them. */
  readonly hubCpuMs: number
  /** How late the hub's event loop was, 99 % of the time, in the storm and before it. */
  readonly lagMs: number
  readonly calmLagMs: number
  /** How long live deliveries took, in the storms and before them. */
  readonly live: readonly number[]
  readonly calm: readonly number[]
}

/** Readers that stay, and what is published to them: how long each delivery took. */
class LiveTraffic {
  latencies: number[] = []
  readonly #url: string
  readonly #sockets: Socket[] = []
  readonly #agent = new Agent({ keepAlive: true })
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(url: string) {
    this.#url = url
  }

  async open(port: number, count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      socket.write('GET /v1/events?topic=live HTTP/1.1\r\nHost: localhost\r\n\r\n')
      socket.on('data', (bytes: Buffer) => this.#read(bytes.toString('latin1')))
      this.#sockets.push(socket)
    }
    this.#timer = setInterval(() => void this.#publish(), LIVE_EVERY_MS)
  }

  /** What was measured since the last time. */
  take(): number[] {
    const taken = this.latencies
    this.latencies = []
    return taken
  }

  close(): void {
    clearInterval(this.#timer)
    for (const socket of this.#sockets) socket.destroy()
    this.#agent.destroy()
  }

  #read(text: string): void {
    const now = performance.now()
    for (const [, sentAt] of text.matchAll(/data: @([\d.]+)@/g)) {
      this.latencies.push(now - Number(sentAt))
    }
  }

  async #publish(): Promise<void> {
    const body = JSON.stringify({ topic: 'live', data: `@${performance.now()}@` })
    const headers = { 'content-type': 'application/json' }
    const call = { method: 'POST', headers, body, agent: this.#agent }
    // One that is cut off with the program.
    await httpCall(`${this.#url}/v1/events`, call).catch(() => {})
  }
}

/** How late the event loop was, 99 % of the time, since the last time this was asked. */
async function takeLagMs(hub: HubProcess): Promise<number> {
  const { text } = await httpCall(`${hub.url}/metrics`)
  const line = /^heartline_event_loop_lag_seconds\{percentile="99"\} (\S+)$/m.exec(text)
  return Number(line?.[1]) * 1_000
}

/** CPU time of the hub so far. */
async function cpuMs(hub: HubProcess): Promise<number> {
  const { text } = await httpCall(`${hub.url}/metrics`)
  const line = /^heartline_process_cpu_seconds_total (\S+)$/m.exec(text)
  return Number(line?.[1]) * 1_000
}

async function publishOwed(hub: HubProcess): Promise<{ id: string; n: number }[]> {
  const events = Array.from({ length: OWED + SPREAD }, (_, index) => ({
    topic: 'storm',
    data: `#${index + 1}# ${'x'.repeat(100)}`,
  }))
  const headers = { 'content-type': 'application/json' }
  const call = { method: 'POST', headers, body: JSON.stringify(events) }
  const { text } = await httpCall(`${hub.url}/v1/events`, call)
  const stored = JSON.parse(text) as readonly { id: string }[]
  return stored.map(({ id }, index) => ({ id, n: index + 1 }))
}

async function send(child: ChildProcess, order: StormOrder | 'cut'): Promise<StormReport> {
  child.send(order)
  const [answer] = await once(child, 'message')
  return answer as StormReport
}

export async function runStorm(options: StormOptions): Promise<StormResult> {
  const directory = makeTempDirectory()
  const store = options.store === 'disk' ? `disk:${directory}` : 'memory'
  const hub = await startHub({ store, flags: ['--log-level', 'error'] })
  const child = startChild(process.execPath, [...NODE_FLAGS, PROGRAM], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const traffic = new LiveTraffic(hub.url)
  try {
    await traffic.open(hub.port, options.live)
    return await measure(hub, child, traffic, options)
  } finally {
    traffic.close()
    killChild(child)
    await childEnd(child)
    await hub.stop()
    removeTempDirectory(directory)
  }
}

async function measure(
  hub: HubProcess,
  child: ChildProcess,
  traffic: LiveTraffic,
  { readers, inFlight, storms = 1 }: StormOptions,
): Promise<StormResult> {
  const path = '/v1/events?topic=storm'
  const order = { port: hub.port, path, readers, inFlight, newest: 0, cursors: [] }
  const before = await send(child, order)
  if (before.wrong > 0) throw new Error(`${before.wrong} readers did not connect`)
  await sleep(500)
  await takeLagMs(hub)
  traffic.take()
  await sleep(CALM_MS)
  const calmLagMs = await takeLagMs(hub)
  const calm = traffic.take()
  const all: Storm[] = []
  for (let n = 0; n < storms; n++) all.push(await oneStorm(hub, child, traffic, order))
  const worst = (of: (storm: Storm) => number): number => Math.max(...all.map(of))
  return {
    servedMs: worst(({ report }) => report.servedMs),
    readersCpuMs: worst(({ report }) => report.readersCpuMs),
    wrong: all.reduce((sum, { report }) => sum + report.wrong, 0),
    hubCpuMs: worst(({ hubCpuMs }) => hubCpuMs),
    lagMs: worst(({ lagMs }) => lagMs),
    calmLagMs,
    live: all.flatMap(({ live }) => live),
    calm,
  }
}

interface Storm extends Pick<StormResult, 'hubCpuMs' | 'lagMs' | 'live'> {
  readonly report: StormReport
}

async function oneStorm(
  hub: HubProcess,
  child: ChildProcess,
  traffic: LiveTraffic,
  order: StormOrder,
): Promise<Storm> {
  await send(child, 'cut')
  const stored = await publishOwed(hub)
  // Every second one where most were, the others up to so much further back.
  const cursors = Array.from({ length: SPREAD * 2 }, (_, index) =>
    index % 2 === 0 ? stored[SPREAD - 1] : stored[(index - 1) / 2],
  ).filter((cursor) => cursor !== undefined)
  await sleep(REST_MS)
  await takeLagMs(hub)
  const cpuBefore = await cpuMs(hub)
  traffic.take()
  const report = await send(child, { ...order, cursors, newest: OWED + SPREAD })
  const lagMs = await takeLagMs(hub)
  const live = traffic.take()
  return { report, hubCpuMs: (await cpuMs(hub)) - cpuBefore, lagMs, live }
}

/** The limit of the live readers is that of their slowest hundredth. */
function slowDown({ live, calm }: StormResult): number {
  return percentile(live, 0.99) / percentile(calm, 0.99)
}

function format(result: StormResult): string {
  const { servedMs, wrong, hubCpuMs, readersCpuMs, lagMs, calmLagMs, live, calm } = result
  const { servedMs: maxMs, lagMs: maxLagMs } = STORM_LIMITS
  const seconds = (ms: number): string => (ms / 1_000).toFixed(2)
  const spread = (values: readonly number[]): string =>
    [0.5, 0.9, 0.99].map((part) => percentile(values, part).toFixed(1)).join(' / ')
  return [
    `served in ${seconds(servedMs)} s (limit ${maxMs / 1_000} s)`,
    `CPU meanwhile: hub ${seconds(hubCpuMs)} s, readers ${seconds(readersCpuMs)} s`,
    `${wrong} wrong (limit 0)`,
    `event loop late p99 ${lagMs.toFixed(1)} ms (limit ${maxLagMs}; before ${calmLagMs.toFixed(1)})`,
    `live p50/p90/p99 ${spread(live)} ms, before ${spread(calm)}`,
    `slower by ${slowDown(result).toFixed(2)} (limit ${STORM_LIMITS.slowDown})`,
  ].join('\n')
}

async function main(): Promise<boolean> {
  const [readers = '10000', live = '50', inFlight = '500', store = 'memory', storms = '5'] =
    process.argv.slice(2)
  if (store !== 'memory' && store !== 'disk') throw new Error('The store is memory or disk')
  const result = await runStorm({
    readers: Number(readers),
    live: Number(live),
    inFlight: Number(inFlight),
    store,
    storms: Number(storms),
  })
  console.log(format(result))
  return (
    result.wrong === 0 &&
    result.servedMs <= STORM_LIMITS.servedMs &&
    result.lagMs <= STORM_LIMITS.lagMs &&
    slowDown(result) <= STORM_LIMITS.slowDown
  )
}

if (isMain(import.meta.url)) await runMain(main)
