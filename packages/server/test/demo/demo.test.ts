import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { DEMO_DEFAULTS, runDemo } from '../../src/demo/demo.ts'
import { createJsonLogger } from '../../src/log.ts'
import type { HeartlineServer } from '../../src/server.ts'

const log = createJsonLogger('silent', { write: () => {} })

test('publishes within a second of its start, without a type, so that onmessage sees it', async () => {
  const startedAt = performance.now()
  const server = await start('memory')
  const events = await until(server, (count) => count >= 4)
  expect(performance.now() - startedAt).toBeLessThan(5_000)
  expect(events[0]).toMatchObject({ topics: ['stocks/MSFT'] })
  expect(events[0]).not.toHaveProperty('type')
  expect(JSON.parse(events[0]?.data ?? '')).toEqual({
    kind: 'price',
    symbol: 'MSFT',
    price: 39.81,
    time: '2000-01-01T00:00:00.000Z',
    run: 1,
    n: 0,
  })
})

test('goes on after a restart without repeating or leaving out an event', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'heartline-demo-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  for (const wanted of [100, 300, 700]) {
    const server = await start(`disk:${directory}`, 200)
    await until(server, (count) => count >= wanted)
    await server.stop()
  }
  const server = await start(`disk:${directory}`, 200)
  const events = await until(server, (count) => count >= 800)
  const lengths: Readonly<Record<string, number>> = { price: 560, quake: 1707 }
  for (const [kind, length] of Object.entries(lengths)) {
    const places = events
      .map(({ data }) => JSON.parse(data) as { kind: string; run: number; n: number })
      .filter((data) => data.kind === kind)
    expect(places.map(({ run, n }) => [run, n])).toEqual(
      places.map((_, index) => [Math.floor(index / length) + 1, index % length]),
    )
  }
})

test('keeps its log in a directory of its own and leaves quickly, unless it is told otherwise', () => {
  const config = loadConfig({ defaults: DEMO_DEFAULTS })
  expect(config.store).toEqual({ kind: 'disk', directory: '.heartline/demo' })
  expect(config.drain.deadlineMs).toBe(1_000)
  const flags = new Map([['store', 'memory']])
  const environment = { HEARTLINE_DRAIN_DEADLINE_MS: '7s' }
  const told = loadConfig({ defaults: DEMO_DEFAULTS, flags, environment })
  expect(told.store).toEqual({ kind: 'memory' })
  expect(told.drain.deadlineMs).toBe(7_000)
})

type Events = Awaited<ReturnType<HeartlineServer['hub']['history']>>['events']

async function start(store: string, speed = 1): Promise<HeartlineServer> {
  const flags = new Map([
    ['store', store],
    ['listen', '127.0.0.1:0'],
  ])
  const server = await runDemo(loadConfig({ defaults: DEMO_DEFAULTS, flags }), { log, speed })
  onTestFinished(() => server.stop())
  return server
}

async function until(
  { hub }: HeartlineServer,
  isEnough: (count: number) => boolean,
): Promise<Events> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const { events } = await hub.history({ selectors: ['**'], limit: 1_000 })
    if (isEnough(events.length)) return events
    if (Date.now() > deadline) throw new Error(`only ${events.length} events came in 20 seconds`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
