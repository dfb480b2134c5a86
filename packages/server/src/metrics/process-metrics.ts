import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, type Registry } from 'prom-client'

const NANOSECONDS = 1e9
const MICROSECONDS = 1e6
const QUANTILES = [50, 99, 100]
/** The monitor's own timer period: what it shows when nothing is late. */
const RESOLUTION_MS = 50

/** Measures until it is stopped. */
export interface EventLoopMonitor {
  stop(): void
}

/** Registers what the process costs and how late its event loop is. */
export function registerProcessMetrics(registry: Registry): EventLoopMonitor {
  const registers = [registry]
  const startedAt = Date.now() / 1000 - process.uptime()
  new Counter({
    name: 'heartline_process_cpu_seconds_total',
    help: 'User and system CPU time.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / MICROSECONDS)
    },
  })
  new Gauge({
    name: 'heartline_process_memory_bytes',
    help: 'Memory of the process by kind.',
    labelNames: ['kind'],
    registers,
    collect() {
      const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
      this.set({ kind: 'resident' }, rss)
      this.set({ kind: 'heap_used' }, heapUsed)
      this.set({ kind: 'heap_total' }, heapTotal)
      this.set({ kind: 'external' }, external)
    },
  })
  new Gauge({
    name: 'heartline_process_start_time_seconds',
    help: 'Start of the process in Unix seconds.',
    registers,
  }).set(startedAt)
  return registerEventLoop(registry)
}

function registerEventLoop(registry: Registry): EventLoopMonitor {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  new Gauge({
    name: 'heartline_event_loop_lag_seconds',
    help: 'How late the event loop was since the last scrape, by percentile.',
    labelNames: ['percentile'],
    registers: [registry],
    collect() {
      for (const percentile of QUANTILES) {
        const seconds = histogram.percentile(percentile) / NANOSECONDS - RESOLUTION_MS / 1000
        this.set({ percentile: String(percentile) }, Math.max(0, seconds))
      }
      histogram.reset()
    },
  })
  return { stop: () => void histogram.disable() }
}
