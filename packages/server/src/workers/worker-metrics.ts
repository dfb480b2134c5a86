import { Counter, Gauge, Registry } from 'prom-client'
import type { MetricsJson } from '../metrics/metrics.ts'

/** What the first process counts of its workers. */
export class WorkerMetrics {
  readonly #registry = new Registry()
  readonly #up: Gauge<'worker'>
  readonly #restarts: Counter

  constructor() {
    const registers = [this.#registry]
    this.#up = new Gauge({
      name: 'heartline_worker_up',
      help: 'With several workers: 1 for each that answered this scrape, 0 for each that did not.',
      labelNames: ['worker'],
      registers,
    })
    this.#restarts = new Counter({
      name: 'heartline_worker_restarts_total',
      help: 'With several workers: those that were started in the place of one that had ended.',
      registers,
    })
  }

  restarted(): void {
    this.#restarts.inc()
  }

  /** Which of so many workers answered. */
  seen(count: number, answered: ReadonlyMap<number, unknown>): void {
    for (let number = 1; number <= count; number++) {
      this.#up.set({ worker: String(number) }, answered.has(number) ? 1 : 0)
    }
  }

  json(): Promise<MetricsJson> {
    return this.#registry.getMetricsAsJSON()
  }

  /** The Prometheus text format. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }
}
