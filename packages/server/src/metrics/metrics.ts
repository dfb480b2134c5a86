import type { Hub } from '@heartline/hub'
import {
  Counter,
  Histogram,
  Registry,
  type MetricObjectWithValues,
  type MetricValue,
} from 'prom-client'
import { registerHubMetrics, type HubReading } from './hub-metrics.ts'
import { registerProcessMetrics, type EventLoopMonitor } from './process-metrics.ts'

const APPEND_BUCKETS = [0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

/** All metrics of a process. */
export type MetricsJson = readonly MetricObjectWithValues<MetricValue<string>>[]

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
  readonly #requests: Counter<'route' | 'method' | 'status'>
  readonly #appends: Histogram<'outcome'>
  readonly #eventLoop: EventLoopMonitor
  /** Takes a new reading of the hub, once a scrape. */
  #readHub: () => void = () => {}

  constructor() {
    const registers = [this.#registry]
    this.#requests = new Counter({
      name: 'heartline_http_requests_total',
      help: 'Answered requests; a stream counts when it is opened.',
      labelNames: ['route', 'method', 'status'],
      registers,
    })
    this.#appends = new Histogram({
      name: 'heartline_broker_append_seconds',
      help: 'Time from handing events to the log until they are as durable as it promises.',
      labelNames: ['outcome'],
      buckets: APPEND_BUCKETS,
      registers,
    })
    this.#eventLoop = registerProcessMetrics(this.#registry)
  }

  watch(hub: Hub): void {
    let reading = readHub(hub)
    this.#readHub = () => (reading = readHub(hub))
    registerHubMetrics(this.#registry, () => reading)
  }

  countRequest(request: RequestCount): void {
    const { route, method, status } = request
    this.#requests.inc({ route, method, status })
  }

  observeAppend(seconds: number, outcome: 'ok' | 'error'): void {
    this.#appends.observe({ outcome }, seconds)
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
