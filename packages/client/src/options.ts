import { PATIENCE_DEFAULTS, type Patience } from './patience.ts'
import { systemClock, type Clock } from './clock.ts'
import type { ConnectionSetup } from './connection.ts'
import type { EventMap } from './event.ts'
import type { EventKeeper } from './event-keeper.ts'
import { LADDER_DEFAULTS, type LadderOptions } from './ladder.ts'
import { resolveNumbers } from './numbers.ts'
import type { Outbox } from './outbox/outbox.ts'
import { toJudge } from './outcome.ts'
import { RequestSource, type RequestOptions } from './request.ts'
import type { StandardSchema } from './schema.ts'
import type { PlaceStore } from './store/place-store.ts'
import { surroundings, type Surroundings } from './surroundings.ts'

/** The outside world, which tests replace. */
export interface WorldOptions {
  /** Gets the fields of a request as a plain object. Default: the one of the platform. */
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
  /**
   * `same-origin` refuses a stream that came from another origin. Default that. On the way of a
   * redirect, `fetch` takes away the token and leaves other headers of yours. A stream that was
   * redirected is not acknowledged.
   */
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
  /** The longest event, in UTF-16 code units. Default 16 Mi: 16,777,216. */
  readonly maxEventLength?: number | undefined
  /** Closes the client. */
  readonly signal?: AbortSignal | undefined
  /** What `publish` needs: see `@heartline/client/outbox`. Default: nothing can be published. */
  readonly outbox?: Outbox | undefined
}

type World = { readonly [Name in keyof WorldOptions]-?: Exclude<WorldOptions[Name], undefined> }

/** As the parser has it. */
export const EVENT_BOUND: Pick<ClientNumbers, 'maxEventLength'> = { maxEventLength: undefined }

/** The numbers of a client that stand alone. */
interface ClientNumbers {
  readonly failOverAfter: number
  readonly retryMs: number
  readonly probeMs: number
  readonly healthyAfter: number
  readonly handlerMs: number
  readonly maxEventLength: number | undefined
}

const DEFAULTS: ClientNumbers = {
  failOverAfter: 1,
  retryMs: 0,
  probeMs: 10_000,
  healthyAfter: 3,
  handlerMs: 30_000,
  maxEventLength: undefined,
}

/** What the parts of a client are made with: everything resolved. */
export interface ClientSetup extends Omit<ConnectionSetup, 'source'>, ClientNumbers {
  /** Every request of a client has the same. */
  readonly source: RequestSource
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

/** Everything a client needs, with the defaults filled in. Throws `HL_CLIENT_OPTION_INVALID`. */
export function resolveClient(options: ClientOptions): ClientSetup {
  return {
    ...resolveWorld(options),
    ...resolveNumbers(DEFAULTS, options),
    source: new RequestSource({ ...options, name: 'heartline-js' }),
    judge: toJudge(options.redirect === 'follow'),
    ladder: resolveNumbers(LADDER_DEFAULTS, options.ladder),
    patience: resolveNumbers(PATIENCE_DEFAULTS, options.watch),
  }
}
