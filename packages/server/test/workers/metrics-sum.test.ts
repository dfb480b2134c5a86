import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { expect, it } from 'vitest'
import type { MetricsJson } from '../../src/metrics/metrics.ts'
import { MetricsSum } from '../../src/workers/metrics-sum.ts'

interface Told {
  readonly delivered: number
  readonly sessions: number
  readonly draining: number
  readonly memory: number
}

function metricsOf({ delivered, sessions, draining, memory }: Told): Promise<MetricsJson> {
  const registers = [new Registry()]
  const help = 'x'
  new Counter({ name: 'heartline_delivered_total', help, registers }).inc(delivered)
  new Gauge({ name: 'heartline_sessions', help, registers }).set(sessions)
  new Gauge({ name: 'heartline_draining', help, registers, aggregator: 'max' }).set(draining)
  const kind = { labelNames: ['kind'], registers, help }
  const bytes = new Gauge({ name: 'heartline_process_memory_bytes', ...kind })
  bytes.set({ kind: 'resident' }, memory)
  const times = new Histogram({ name: 'heartline_seconds', help, registers, buckets: [1] })
  times.observe(0.5)
  return registers[0]!.getMetricsAsJSON()
}

function sumOf(text: string, name: string): string | undefined {
  return text.split('\n').find((line) => line.startsWith(`${name} `))
}

it('adds counters and histograms, takes the largest of what is no amount, labels processes', async () => {
  const sum = new MetricsSum()
  const first = await metricsOf({ delivered: 1, sessions: 1, draining: 0, memory: 5 })
  const workers = new Map([
    [1, await metricsOf({ delivered: 3, sessions: 10, draining: 1, memory: 7 })],
    [2, await metricsOf({ delivered: 4, sessions: 20, draining: 1, memory: 9 })],
  ])
  const text = await sum.text(workers, first)
  expect(sumOf(text, 'heartline_delivered_total')).toBe('heartline_delivered_total 7')
  expect(sumOf(text, 'heartline_sessions')).toBe('heartline_sessions 30')
  expect(sumOf(text, 'heartline_draining')).toBe('heartline_draining 1')
  expect(text).toContain('heartline_seconds_bucket{le="1"} 2')
  expect(text).toContain('heartline_seconds_count 2')
  for (const [worker, memory] of [5, 7, 9].entries()) {
    const line = `heartline_process_memory_bytes{kind="resident",worker="${worker}"} ${memory}`
    expect(text).toContain(line)
  }
})

it('keeps counting when a worker is replaced', async () => {
  const sum = new MetricsSum()
  const before = await metricsOf({ delivered: 5, sessions: 3, draining: 0, memory: 1 })
  await sum.text(new Map([[1, before]]), [])
  await sum.retire(1)
  await sum.retire(1)
  const after = await metricsOf({ delivered: 1, sessions: 2, draining: 0, memory: 1 })
  const text = await sum.text(new Map([[1, after]]), [])
  expect(sumOf(text, 'heartline_delivered_total')).toBe('heartline_delivered_total 6')
  expect(sumOf(text, 'heartline_sessions')).toBe('heartline_sessions 2')
  expect(text).toContain('heartline_seconds_count 2')
  await sum.retire(1)
  const again = await sum.text(new Map([[1, after]]), [])
  expect(sumOf(again, 'heartline_delivered_total')).toBe('heartline_delivered_total 7')
})

it('keeps the counts, not the gauges, of a worker that does not answer', async () => {
  const sum = new MetricsSum()
  const told = await metricsOf({ delivered: 5, sessions: 3, draining: 0, memory: 1 })
  await sum.text(new Map([[1, told]]), [])
  const text = await sum.text(new Map([[2, told]]), [])
  expect(sumOf(text, 'heartline_delivered_total')).toBe('heartline_delivered_total 10')
  expect(sumOf(text, 'heartline_sessions')).toBe('heartline_sessions 3')
})
