import { randomSessionId, type SessionOptions } from '@heartline/session/fetch'
import type { Broker } from '@heartline/broker'
import type { GraphQLSchema, ValidationRule } from 'graphql'
import { installedEngine, type Engine } from './engine.ts'
import { toError } from './errors.ts'
import type { Operation, OperationEnd } from './operation.ts'
import type { RequestParams } from './params.ts'
import { toReporter } from './reporter.ts'
import { ownerOf } from './single/owner.ts'

type MaybePromise<Value> = Value | Promise<Value>

/** What of a session is the application's to choose. */
export type StreamOptions = Pick<
  SessionOptions,
  | 'headers'
  | 'maxAgeMs'
  | 'maxBlockedMs'
  | 'maxPendingBytes'
  | 'monitor'
  | 'onHeartbeat'
  | 'retryMs'
  | 'retryJitter'
  | 'wheel'
>

/** How the mode with one stream for all operations of a client behaves. */
export interface SingleConnectionOptions {
  /** How long a reserved stream may be opened, in milliseconds. Default 30,000. */
  readonly reservationMs?: number | undefined
  /** The most operations of one stream, those that wait for it included. Default 100. */
  readonly maxOperations?: number | undefined
  /** The most bytes that wait for all streams that are not open yet. Default 16 MiB. */
  readonly maxWaitingBytes?: number | undefined
  /**
   * Signs reservations: at least 32 characters. All processes behind one address share it. Default:
   * random, which one process alone knows.
   */
  readonly secret?: string | undefined
  /**
   * The log through which processes behind one address find the one that holds a stream. It needs a
   * `secret`. Default: there is one process.
   */
  readonly broker?: Broker | undefined
  /**
   * Who an identity is, as text that stays the same while its credentials are renewed. A token is of
   * use only to the one who reserved it: operations of another get 404. Empty: nobody in particular.
   * Default: `sub` and `iss` of claims, else all of the identity as JSON.
   */
  readonly owner?: ((identity: unknown) => string) | undefined
  /** How long that process may take to answer, in milliseconds. Default 2,000. */
  readonly answerMs?: number | undefined
}

/** How a handler behaves. Only the schema has no default. */
export interface HandlerOptions<Incoming, Context = unknown> {
  readonly schema: GraphQLSchema
  readonly rootValue?: unknown
  /**
   * Says who asks, before anything else is looked at. Throw a `HeartlineError` to refuse with its
   * status. The answer becomes `operation.identity`; on a single connection it is sent between
   * processes as JSON. Default: everyone may ask.
   */
  readonly authenticate?: ((incoming: Incoming) => unknown) | undefined
  /**
   * Sees the parameters before they are parsed. Answers others to take their place (persisted
   * operations), throws to refuse. Default: none.
   */
  readonly onSubscribe?:
    | ((incoming: Incoming, params: RequestParams) => MaybePromise<RequestParams | void>)
    | undefined
  /**
   * Makes the context of resolvers, before the head of a stream is sent. On a single connection
   * `incoming` is the request that opened the stream, whichever process took the operation; who sent
   * the operation is its `identity`.
   */
  readonly context?:
    | ((incoming: Incoming, operation: Operation) => MaybePromise<Context>)
    | undefined
  /**
   * Told of every operation before it is executed; throws to refuse. What it answers is called once,
   * with the end.
   */
  readonly onOperation?:
    | ((operation: Operation) => MaybePromise<((end: OperationEnd) => void) | void>)
    | undefined
  /** Told of errors that clients are not told. Default: none. */
  readonly onError?: ((error: unknown) => void) | undefined
  /** Rules besides those of the specification. */
  readonly validationRules?: readonly ValidationRule[] | undefined
  /** Functions in place of those of the installed `graphql`. */
  readonly engine?: Partial<Engine> | undefined
  /**
   * Silence after which the comment `ping` is sent, in milliseconds; every frame starts it anew.
   * 1,000 to 600,000; 0 or less = never. Default 12,000. Stay below 10,000 under Bun.
   */
  readonly keepAlivePingInterval?: number | undefined
  /**
   * The least time between two frames of an operation, in milliseconds. Pings are not held back.
   * Default 0.
   */
  readonly minEventInterval?: number | undefined
  /** The largest body of a request. Default 1 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** The most tokens of a document. Default 10,000. */
  readonly maxTokens?: number | undefined
  /**
   * Documents that are kept parsed and validated, of 1 Mi characters in all at the most. Default
   * 1,000; 0 = none.
   */
  readonly maxCachedDocuments?: number | undefined
  /** False switches the mode off. Default: on, for one process. */
  readonly singleConnection?: false | SingleConnectionOptions | undefined
  /** More about the streams. */
  readonly stream?: StreamOptions | undefined
}

/** Single connection mode with every default filled in. */
export interface ResolvedSingleConnection {
  readonly reservationMs: number
  readonly maxOperations: number
  readonly maxWaitingBytes: number
  readonly secret: string
  readonly owner: (identity: unknown) => string
  readonly broker: Broker | undefined
  readonly answerMs: number
}

/** Options with every default filled in and every value checked. */
export interface ResolvedOptions<Incoming, Context> extends Omit<
  HandlerOptions<Incoming, Context>,
  'engine' | 'singleConnection' | 'keepAlivePingInterval'
> {
  readonly engine: Engine
  readonly rules: readonly ValidationRule[]
  readonly session: SessionOptions
  readonly minEventInterval: number
  readonly maxBodyBytes: number
  readonly maxTokens: number
  readonly maxCachedDocuments: number
  readonly single: ResolvedSingleConnection | undefined
  readonly report: (error: unknown) => void
}

const DEFAULTS = Object.freeze({
  keepAlivePingInterval: 12_000,
  minEventInterval: 0,
  maxBodyBytes: 1_048_576,
  maxTokens: 10_000,
  maxCachedDocuments: 1_000,
})

const SINGLE_DEFAULTS = Object.freeze({
  reservationMs: 30_000,
  maxOperations: 100,
  maxWaitingBytes: 16_777_216,
  answerMs: 2_000,
})

/** Shorter secrets could be found by trying. */
const MIN_SECRET = 32
const MIN_PING_MS = 1_000
const MAX_PING_MS = 600_000
const MAX_TIMER_MS = 2_147_483_647

/** Fills in the defaults. Throws `HL_GRAPHQL_OPTION_INVALID`. */
export function resolveOptions<Incoming, Context>(
  options: HandlerOptions<Incoming, Context>,
): ResolvedOptions<Incoming, Context> {
  const numbers = { ...DEFAULTS, ...given(options, DEFAULTS) }
  const { keepAlivePingInterval, ...bounds } = numbers
  requireNumbers(bounds)
  requireTimer('minEventInterval', bounds.minEventInterval)
  const engine = { ...installedEngine, ...options.engine }
  return {
    ...options,
    ...bounds,
    engine,
    rules: [...engine.specifiedRules, ...(options.validationRules ?? [])],
    session: {
      ...options.stream,
      heartbeatKind: 'ping',
      heartbeatMs: toHeartbeat(keepAlivePingInterval),
    },
    single: resolveSingle(options.singleConnection),
    report: toReporter(options.onError),
  }
}

function resolveSingle(
  options: HandlerOptions<unknown>['singleConnection'] = {},
): ResolvedSingleConnection | undefined {
  if (options === false) return undefined
  const { secret, broker } = options
  const numbers = { ...SINGLE_DEFAULTS, ...given(options, SINGLE_DEFAULTS) }
  requireNumbers(numbers)
  requireTimer('singleConnection.reservationMs', numbers.reservationMs)
  requireTimer('singleConnection.answerMs', numbers.answerMs)
  if (secret !== undefined && secret.length < MIN_SECRET) {
    throw invalid('singleConnection.secret', `must have at least ${MIN_SECRET} characters`)
  }
  if (broker !== undefined && secret === undefined) {
    throw invalid('singleConnection.secret', 'must be given with a broker: all processes share it')
  }
  const owner = options.owner ?? ownerOf
  return { ...numbers, broker, owner, secret: secret ?? randomSessionId() + randomSessionId() }
}

function toHeartbeat(ms: number): number {
  if (typeof ms !== 'number' || Number.isNaN(ms)) throw invalidPing()
  if (ms <= 0) return 0
  if (ms < MIN_PING_MS || ms > MAX_PING_MS) throw invalidPing()
  return ms
}

function invalidPing(): Error {
  const problem = `must be 0 (off) or ${MIN_PING_MS} to ${MAX_PING_MS} milliseconds`
  return invalid('keepAlivePingInterval', problem)
}

/** The members of `defaults` that were given. */
function given<Defaults extends object>(options: object, defaults: Defaults): Partial<Defaults> {
  const entries = Object.entries(options)
  const known = entries.filter(([name, value]) => name in defaults && value !== undefined)
  return Object.fromEntries(known) as Partial<Defaults>
}

function requireNumbers(options: Readonly<Record<string, number>>): void {
  for (const [option, value] of Object.entries(options)) {
    if (typeof value === 'number' && value >= 0) continue
    throw invalid(option, 'must be a number that is not negative')
  }
}

/** A timer of a longer time goes off at once. */
function requireTimer(option: string, ms: number): void {
  if (ms <= MAX_TIMER_MS) return
  throw invalid(option, `must be at most ${MAX_TIMER_MS} milliseconds`)
}

function invalid(option: string, problem: string): Error {
  return toError('optionInvalid', { option, problem })
}
