import type { SessionEnd } from './end-reason.ts'
import { reportError, type MonitoredSession, type SessionMonitor } from './monitor.ts'

/** Upper bounds of the durations that are counted, in seconds. */
const BOUNDS = [1, 10, 60, 300, 1_800, 7_200, 28_800] as const

/** Names that are counted apart: each is some twenty series of whoever asks for the metrics. */
const MOST_NAMES = 1_000
const OTHER = 'other'

/** What is counted for one adapter, or whatever the name stands for. */
export interface StreamCounts {
  readonly open: number
  readonly opened: number
  readonly heartbeats: number
  /** By reason. */
  readonly ended: Readonly<Record<string, number>>
  /** Handlers that have not returned. They may outlive their sessions. */
  readonly handlers: number
  /** What handlers and clean-ups threw. */
  readonly errors: number
  readonly durationMsSum: number
}

/**
 * Counts streams for a monitoring system: `monitor: metrics.monitor('express')` in the options of an
 * adapter, and `metrics.expose()` where metrics are asked for (Prometheus text format).
 */
export class StreamMetrics {
  readonly #counters = new Map<string, StreamCounter>()
  readonly #next: SessionMonitor | undefined

  /** @param next Told as well, as about errors, which are only counted here. */
  constructor(next?: SessionMonitor) {
    this.#next = next
  }

  /**
   * The monitor for one adapter: the same each time it is asked for by the same name. Names that come
   * after 1,000 others are counted as `other`.
   */
  monitor(name: string): SessionMonitor {
    const known = this.#counters.get(name)
    if (known !== undefined) return known
    if (this.#counters.size >= MOST_NAMES && name !== OTHER) return this.monitor(OTHER)
    const counter = new StreamCounter(this.#next)
    this.#counters.set(name, counter)
    return counter
  }

  /** What was counted under a name; undefined when nobody asked for it, or too late. */
  counts(name: string): StreamCounts | undefined {
    return this.#counters.get(name)?.counts()
  }

  /** All of it in the text format of Prometheus (0.0.4), with the label `adapter`. */
  expose(): string {
    const lines = (read: (counter: StreamCounter) => readonly Sample[], name: string): string[] =>
      [...this.#counters].flatMap(([adapter, counter]) =>
        read(counter).map(([suffix, labels, value]) => {
          const text = [`adapter="${escapeLabel(adapter)}"`, ...labels].join(',')
          return `${name}${suffix}{${text}} ${value}`
        }),
      )
    const families = FAMILIES.flatMap(({ name, type, help, read }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...lines(read, name),
    ])
    return `${families.join('\n')}\n`
  }
}

/** Suffix of the name, further labels, value. */
type Sample = readonly [suffix: string, labels: readonly string[], value: number]

class StreamCounter implements SessionMonitor {
  readonly #next: SessionMonitor | undefined
  readonly #ended = new Map<string, number>()
  /** One for each of `BOUNDS`, not cumulated. */
  readonly #buckets = BOUNDS.map(() => 0)
  #opened = 0
  #endedCount = 0
  #heartbeats = 0
  #handlers = 0
  #errors = 0
  #durationMsSum = 0

  constructor(next: SessionMonitor | undefined) {
    this.#next = next
  }

  onOpen(session: MonitoredSession): void {
    this.#opened++
    this.#next?.onOpen?.(session)
  }

  onHeartbeat(session: MonitoredSession): void {
    this.#heartbeats++
    this.#next?.onHeartbeat?.(session)
  }

  onEnd(session: MonitoredSession, end: SessionEnd): void {
    const durationMs = Math.max(0, end.at - session.openedAt)
    this.#endedCount++
    this.#durationMsSum += durationMs
    this.#ended.set(end.reason, (this.#ended.get(end.reason) ?? 0) + 1)
    const bucket = BOUNDS.findIndex((seconds) => durationMs <= seconds * 1_000)
    if (bucket !== -1) this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1
    this.#next?.onEnd?.(session, end)
  }

  onHandlerStart(session: MonitoredSession): void {
    this.#handlers++
    this.#next?.onHandlerStart?.(session)
  }

  onHandlerEnd(session: MonitoredSession): void {
    this.#handlers--
    this.#next?.onHandlerEnd?.(session)
  }

  onError(error: unknown, session: MonitoredSession): void {
    this.#errors++
    reportError(error, session, this.#next)
  }

  counts(): StreamCounts {
    return {
      open: this.#opened - this.#endedCount,
      opened: this.#opened,
      heartbeats: this.#heartbeats,
      ended: Object.fromEntries(this.#ended),
      handlers: this.#handlers,
      errors: this.#errors,
      durationMsSum: this.#durationMsSum,
    }
  }

  endedSamples(): readonly Sample[] {
    return [...this.#ended].map(([reason, count]) => ['', [`reason="${reason}"`], count])
  }

  durationSamples(): readonly Sample[] {
    let sum = 0
    const buckets = BOUNDS.map((seconds, i): Sample => {
      sum += this.#buckets[i] ?? 0
      return ['_bucket', [`le="${seconds}"`], sum]
    })
    return [
      ...buckets,
      ['_bucket', ['le="+Inf"'], this.#endedCount],
      ['_sum', [], this.#durationMsSum / 1_000],
      ['_count', [], this.#endedCount],
    ]
  }
}

interface Family {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly help: string
  readonly read: (counter: StreamCounter) => readonly Sample[]
}

const one =
  (name: 'open' | 'opened' | 'heartbeats' | 'handlers' | 'errors') =>
  (counter: StreamCounter): readonly Sample[] => [['', [], counter.counts()[name]]]

const family = (
  name: string,
  type: Family['type'],
  help: string,
  read: Family['read'],
): Family => ({ name: `heartline_stream${name}`, type, help, read })

const FAMILIES: readonly Family[] = [
  family('s_open', 'gauge', 'Streams that are open.', one('open')),
  family('s_opened_total', 'counter', 'Streams that were opened.', one('opened')),
  family('s_ended_total', 'counter', 'Streams that ended, by reason.', (c) => c.endedSamples()),
  family('_duration_seconds', 'histogram', 'How long streams were open.', (c) =>
    c.durationSamples(),
  ),
  family('_heartbeats_total', 'counter', 'Heartbeats that were sent.', one('heartbeats')),
  family('_handlers', 'gauge', 'Handlers that have not returned.', one('handlers')),
  family('_errors_total', 'counter', 'What handlers and clean-ups threw.', one('errors')),
]

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
