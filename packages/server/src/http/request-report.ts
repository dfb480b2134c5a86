import { HeartlineError } from '@heartline/wire'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'

/** How a request was answered. */
export interface Answered {
  readonly method: string
  /** The route's path with its `{name}` parts. */
  readonly route: string
  readonly status: number
  /** `performance.now()` when it was read. */
  readonly startedAt: number
}

/** Tells the log and the metrics of requests. */
export class RequestReport {
  readonly #log: Logger
  readonly #metrics: Metrics

  constructor(parts: { readonly log: Logger; readonly metrics: Metrics }) {
    this.#log = parts.log
    this.#metrics = parts.metrics
  }

  /** No path, query or header: they may hold tickets, topics and tokens. */
  answered({ method, route, status, startedAt }: Answered): void {
    this.#metrics.countRequest({ route, method: knownMethod(method), status })
    const durationMs = Math.round((performance.now() - startedAt) * 10) / 10
    this.#log.debug({ method, route, status, durationMs }, 'Request')
  }

  failed(method: string, error: unknown): void {
    if (!(error instanceof HeartlineError)) {
      this.#log.error({ err: error, method }, 'A request failed')
    } else if (error.cause !== undefined && error.fault === 'server') {
      this.#log.warn({ err: error.cause, code: error.code }, 'A request could not be answered')
    }
  }
}

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']

function knownMethod(method: string): string {
  return METHODS.includes(method) ? method : 'other'
}
