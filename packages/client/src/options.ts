import { PATIENCE_DEFAULTS, type Patience } from './patience.ts'
import { systemClock, type Clock } from './clock.ts'
import type { ConnectionSetup } from './connection.ts'
import { optionInvalid, toError } from './errors.ts'
import type { EventMap } from './event.ts'
import type { EventKeeper } from './event-keeper.ts'
import { LADDER_DEFAULTS, type LadderOptions } from './ladder.ts'
import type { Outbox } from './outbox/outbox.ts'
import { toJudge } from './outcome.ts'
import { RequestSource, type RequestOptions, type SourceOptions } from './request.ts'
import type { StandardSchema } from './schema.ts'
import type { PlaceStore } from './store/place-store.ts'
import { surroundings, type Surroundings } from './surroundings.ts'

/** The outside world, which tests replace. */
export interface WorldOptions {
  /** Default: the one of the platform. */
  readonly fetch?: typeof fetch | undefined
  readonly clock?: Clock | undefined
  /** From 0 to below 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined
  readonly surroundings?: Surroundings | undefined
}

/** When and where to try again. */
export interface RetryOptions {
  readonly ladder?: LadderOptions | undefined
  readonly watch?: { readonly [Name in keyof Patience]?: Patience[Name] | undefined } | undefined
  /** Reconnection time until the server names one, in milliseconds. Default 0. */
  readonly retryMs?: number | undefined
  /** Failures in a row of one endpoint before the next is asked. Default 1. */
  readonly failOverAfter?: number | undefined
  /** While another endpoint is in use, the preferred one is asked so often. Default 10,000. */
  readonly probeMs?: number | undefined
  /** Good answers in a row that make it healthy. Default 3. */
  readonly healthyAfter?: number | undefined
  /** Requests that could act twice (POST, PATCH) are sent again, too. Default false. */
  readonly repeat?: boolean | undefined
  /** `same-origin` refuses an answer that came from another origin. Default that. */
  readonly redirect?: 'same-origin' | 'follow' | undefined
}

export interface ClientOptions<Events extends EventMap = EventMap>
  extends RequestOptions, RetryOptions, WorldOptions {
  /** Checks the data of the types it names. */
  readonly schemas?: { readonly [Type in keyof Events]?: StandardSchema<Events[Type]> } | undefined
  /** How the text of the data is read. Default `auto`: JSON when it is JSON, else text. */
  readonly decode?: 'auto' | 'json' | 'text' | undefined
  /** Where to begin. It wins over what the store kept. */
  readonly lastEventId?: string | undefined
  /** Keeps the place. Default: only this object does. */
  readonly store?: PlaceStore | undefined
  /** Keeps the last values, to be served offline: see `@heartline/client/cache`. Default: nothing. */
  readonly cache?: EventKeeper | undefined
  /** `at-least-once` hands over what came before, too. Default `exactly-once`. */
  readonly delivery?: 'exactly-once' | 'at-least-once' | undefined
  /** Acknowledges heartbeats to a Heartline hub. Default true. */
  readonly acknowledge?: boolean | undefined
  /** A handler that takes longer is reported. Default 30,000; 0 = never. */
  readonly handlerMs?: number | undefined
  /** The largest event, in bytes. Default 16 MiB. */
  readonly maxEventBytes?: number | undefined
  /** Closes the client. */
  readonly signal?: AbortSignal | undefined
  /** Keeps what was published until a server has it. Default: in memory. */
  readonly outbox?: Outbox | undefined
  /** The most calls of `publish` that wait. Default 1,000. */
  readonly maxWaiting?: number | undefined
  /** A publish without an answer is tried again after so long. Default 20,000. */
  readonly publishTimeoutMs?: number | undefined
}

type World = { readonly [Name in keyof WorldOptions]-?: Exclude<WorldOptions[Name], undefined> }

/** Every request of a client has the same source. */
interface ClientSetup extends Omit<ConnectionSetup, 'source'> {
  readonly source: RequestSource
  readonly failOverAfter: number
}

type Given<Options> = { [Name in keyof Options]?: Exclude<Options[Name], undefined> }

interface ConnectionOptions extends SourceOptions, RetryOptions, WorldOptions {
  readonly maxEventBytes?: number | undefined
}

/** The outside world, with the defaults filled in. */
export function resolveWorld(options: WorldOptions): World {
  return {
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    surroundings: options.surroundings ?? surroundings,
  }
}

/** Everything a connection needs, with the defaults filled in. Throws `HL_CLIENT_OPTION_INVALID`. */
export function resolveConnection(options: ConnectionOptions): ClientSetup {
  const { failOverAfter = 1, retryMs = 0, maxEventBytes } = options
  const ladder = { ...LADDER_DEFAULTS, ...withoutUndefined(options.ladder) }
  const patience = { ...PATIENCE_DEFAULTS, ...withoutUndefined(options.watch) }
  requireNumbers({ ...patience, ...ladder, failOverAfter, retryMs, maxEventBytes })
  return {
    ...resolveWorld(options),
    source: new RequestSource(options),
    judge: toJudge(options.redirect === 'follow'),
    ladder,
    patience,
    maxEventBytes,
    failOverAfter,
    retryMs,
  }
}

/** Those that are filled in where they are used. */
const OPEN = ['firstByteMs', 'maxEventBytes']

/** @throws HeartlineError `HL_CLIENT_OPTION_INVALID` */
export function requireNumbers(options: Readonly<Record<string, number | undefined>>): void {
  for (const [option, value = OPEN.includes(option) ? 1 : -1] of Object.entries(options)) {
    const isGood = value > 0 || (value === 0 && option !== 'maxEventBytes')
    if (!isGood) throw toError(optionInvalid, { option, problem: 'is no number above 0' })
  }
}

/** An option that is given as `undefined` is not given. */
function withoutUndefined<Options extends object>(options: Options | undefined): Given<Options> {
  const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as Given<Options>
}
