import { AggregatorRegistry } from 'prom-client'
import type { MetricsJson } from '../metrics/metrics.ts'

/** What is told of each process by itself: a sum of memories or delays would say nothing. */
const OF_ONE_PROCESS = /^heartline_(process|event_loop)_/
/** What the first process alone knows. Its other metrics count what the workers count as well. */
const OF_FIRST = /^heartline_worker_/
/** The label that says whose it is; the first process is 0. */
const LABEL = 'worker'

/**
 * Adds up the metrics of several processes. A counter never goes back: of a worker that is silent
 * or gone, what it told last stays in the sum.
 */
export class MetricsSum {
  readonly #last = new Map<number, MetricsJson>()
  /** The counts of all that are gone. One change waits for the other. */
  #retired: Promise<MetricsJson> = Promise.resolve([])

  /** The Prometheus text of what all workers told now, and of the first process. */
  async text(workers: ReadonlyMap<number, MetricsJson>, first: MetricsJson): Promise<string> {
    const silent = [...this.#last].filter(([number]) => !workers.has(number))
    for (const [number, metrics] of workers) this.#last.set(number, metrics)
    const own = first.filter(({ name }) => OF_ONE_PROCESS.test(name) || OF_FIRST.test(name))
    const all = [
      ...[...workers].map(([number, metrics]) => label(metrics, number)),
      ...silent.map(([, metrics]) => countsOf(metrics)),
      label(own, 0),
      await this.#retired,
    ]
    return aggregate(all).metrics()
  }

  /** A worker is gone: its counts stay in the sums. Resolves when they are there. */
  async retire(number: number): Promise<void> {
    const last = this.#last.get(number)
    if (last === undefined) return
    this.#last.delete(number)
    this.#retired = this.#retired.then((before) =>
      aggregate([before, countsOf(last)]).getMetricsAsJSON(),
    )
    await this.#retired
  }
}

function aggregate(all: readonly MetricsJson[]): ReturnType<typeof AggregatorRegistry.aggregate> {
  return AggregatorRegistry.aggregate(all as unknown as object[])
}

function label(metrics: MetricsJson, number: number): MetricsJson {
  return metrics.map((metric) => {
    if (!OF_ONE_PROCESS.test(metric.name)) return metric
    const worker = String(number)
    const values = metric.values.map((value) => ({
      ...value,
      labels: { ...value.labels, [LABEL]: worker },
    }))
    return { ...metric, values }
  })
}

/** A gauge of a process that is gone says nothing any more. */
function countsOf(metrics: MetricsJson): MetricsJson {
  return metrics.filter(
    ({ name, type }) =>
      ['counter', 'histogram'].includes(String(type)) && !OF_ONE_PROCESS.test(name),
  )
}
