import type { Hub } from '@heartline/hub'
import {
  Gauge,
  Histogram,
  Registry,
  type MetricObjectWithValues,
  type MetricValue,
} from 'prom-client'
import { registerHubMetrics, type HubReading } from './hub-metrics.ts'
import { registerProcessMetrics, type EventLoopMonitor } from './process-metrics.ts'
import { Tally } from './tally.ts'

const APPEND_BUCKETS = [0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

/** All metrics of a process. */
export type MetricsJson = readonly MetricObjectWithValues<MetricValue<string>>[]

/** From a failed start to a stream that stays for days. */
const DURATION_BUCKETS = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 604_800]
const KERNEL_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/** One answered request. */
export interface RequestCount {
  /** The route's path with its `{name}` parts, never the path that was asked for. */
  readonly route: string
  readonly method: string
  readonly status: number
}

/** What `/metrics` tells. Each server has its own registry. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #requests: Tally
  readonly #atDoor: Tally
  readonly #appends: Histogram<'outcome'>
  readonly #durations: Histogram
  readonly #kernelRounds: Histogram
  readonly #seam: Gauge<'seam' | 'batch'>
  readonly #eventLoop: EventLoopMonitor
  /** Takes a new reading of the hub, once a scrape. */
  #readHub: () => void = () => {}

  constructor() {
    const registers = [this.#registry]
    this.#requests = new Tally(this.#registry, {
      name: 'heartline_http_requests_total',
      help: 'Answered requests; a stream counts when it is opened.',
      labelNames: ['route', 'method', 'status'],
    })
    this.#atDoor = new Tally(this.#registry, {
      name: 'heartline_front_door_requests_total',
      help: "Requests that the front door answered (`stream`, `publish`), and those that it left to Node's parser, once a connection (`handed-over`).",
      labelNames: ['outcome'],
    })
    this.#appends = new Histogram({
      name: 'heartline_broker_append_seconds',
      help: 'Time from handing events to the log until they are as durable as it promises.',
      labelNames: ['outcome'],
      buckets: APPEND_BUCKETS,
      registers,
    })
    this.#durations = new Histogram({
      name: 'heartline_session_duration_seconds',
      help: 'How long ended sessions were open.',
      buckets: DURATION_BUCKETS,
      registers,
    })
    this.#kernelRounds = new Histogram({
      name: 'heartline_kernel_evidence_duration_seconds',
      help: "Time of one look at the kernel's tables of connections, most of it off the event loop.",
      buckets: KERNEL_BUCKETS,
      registers,
    })
    this.#seam = new Gauge({
      name: 'heartline_write_seam_info',
      help: '1 for the fastest way to write to a reader over HTTP/1 that this process uses, and whether one system call serves many readers.',
      labelNames: ['seam', 'batch'],
      aggregator: 'max',
      registers,
    })
    this.#eventLoop = registerProcessMetrics(this.#registry)
  }

  watch(hub: Hub): void {
    let reading = readHub(hub)
    this.#readHub = () => (reading = readHub(hub))
    registerHubMetrics(this.#registry, () => reading)
  }

  /** `count` tells how many relays follow the log of this hub. */
  watchRelays(count: () => number): void {
    new Gauge({
      name: 'heartline_relays',
      help: 'Relays that follow the log of this hub.',
      registers: [this.#registry],
      collect() {
        this.set(count())
      },
    })
  }

  countRequest(request: RequestCount): void {
    const { route, method, status } = request
    this.#requests.count(`${status} ${method} ${route}`, { route, method, status })
  }

  countAtDoor(outcome: 'stream' | 'publish' | 'handed-over'): void {
    this.#atDoor.count(outcome, { outcome })
  }

  setSeam(seam: string, isBatched: boolean): void {
    this.#seam.set({ seam, batch: isBatched ? 'io_uring' : 'none' }, 1)
  }

  observeAppend(seconds: number, outcome: 'ok' | 'error'): void {
    this.#appends.observe({ outcome }, seconds)
  }

  observeSessionEnd(durationMs: number): void {
    this.#durations.observe(Math.max(0, durationMs) / 1000)
  }

  observeKernelRound(durationMs: number): void {
    this.#kernelRounds.observe(durationMs / 1000)
  }

  /** The Prometheus text format. */
  text(): Promise<string> {
    this.#readHub()
    return this.#registry.metrics()
  }

  /** The same as data, to be summed with those of other processes. */
  async json(): Promise<MetricsJson> {
    this.#readHub()
    return this.#registry.getMetricsAsJSON()
  }

  close(): void {
    this.#eventLoop.stop()
  }
}

function readHub(hub: Hub): HubReading {
  return { stats: hub.stats(), isDraining: hub.isDraining }
}
