import type {
  AckRequest,
  PresenceMember,
  Readiness,
  RenewRequest,
  SessionInfo,
  SessionPlace,
  TopicRate,
} from '@heartline/hub'
import type { Grant } from '../auth/grant.ts'
import type { Ticket } from '../auth/ticket-store.ts'
import type { Config } from '../config/config.ts'
import type { MetricsJson } from '../metrics/metrics.ts'
import type { CarriedError } from './carried-error.ts'

/** A question between two processes: what is sent with it and what comes back. */
export interface Question {
  readonly ask: unknown
  readonly answer: unknown
}

export type Questions<Names> = { readonly [Name in keyof Names]: Question }

/** What the first process asks a worker, for itself or for another worker. */
export interface WorkerQuestions {
  readonly sessions: {
    readonly ask: { readonly after: SessionPlace | undefined; readonly limit: number }
    readonly answer: readonly SessionInfo[]
  }
  /** `null`: there is none. */
  readonly session: { readonly ask: { readonly id: string }; readonly answer: SessionInfo | null }
  readonly end: {
    readonly ask: { readonly id: string; readonly reconnect: boolean }
    readonly answer: boolean
  }
  readonly ack: {
    readonly ask: { readonly id: string; readonly request: AckRequest }
    readonly answer: boolean
  }
  readonly renew: {
    readonly ask: { readonly id: string; readonly request: RenewRequest }
    readonly answer: boolean
  }
  readonly presence: {
    readonly ask: { readonly topic: string }
    readonly answer: readonly PresenceMember[]
  }
  readonly metrics: { readonly ask: null; readonly answer: MetricsJson }
  /** Answered at once; the worker ends when its readers are gone. */
  readonly drain: { readonly ask: null; readonly answer: null }
}

/** What a worker needs to begin. */
export interface WorkerOrders {
  /** From 1 on. A worker that takes the place of a dead one has its number. */
  readonly number: number
  /** How many workers there are. */
  readonly count: number
  /** Its store is the log of the first process. */
  readonly config: Config
  /** Where the log is served. Removed by whoever ends last. */
  readonly directory: string
  readonly token: string
}

/** What several workers answered. */
export interface Gathered<Answer = unknown> {
  readonly answers: readonly Answer[]
  /** Numbers of those that did not answer in time. */
  readonly silent: readonly number[]
}

/** What a worker asks the first process. */
export interface FirstQuestions {
  readonly orders: { readonly ask: null; readonly answer: WorkerOrders }
  readonly listening: {
    readonly ask: { readonly url: string; readonly isDevelopment: boolean }
    readonly answer: null
  }
  readonly failed: { readonly ask: CarriedError; readonly answer: null }
  /** Asks every worker, this one included. */
  readonly all: {
    readonly ask: { readonly name: keyof WorkerQuestions; readonly body: unknown }
    readonly answer: Gathered
  }
  /** Asks the worker with that number. `null` when there is none right now. */
  readonly one: {
    readonly ask: {
      readonly number: number
      readonly name: keyof WorkerQuestions
      readonly body: unknown
    }
    readonly answer: unknown
  }
  readonly issue: { readonly ask: Grant; readonly answer: Ticket }
  readonly redeem: { readonly ask: { readonly ticket: string }; readonly answer: Grant }
  readonly topics: {
    readonly ask: { readonly limit: number }
    readonly answer: readonly TopicRate[]
  }
  readonly readiness: { readonly ask: null; readonly answer: Readiness }
  readonly metrics: { readonly ask: null; readonly answer: string }
  /** Answered when no worker publishes any more: the offset of the newest entry. */
  readonly settled: { readonly ask: null; readonly answer: number }
}
