import { requireInteger } from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import { relayErrors } from './errors.ts'
import { parseUpstreamUrl, type UpstreamAddress } from './upstream-address.ts'

/** What happens between the relay and its upstream. */
export type RelayReport =
  | { readonly kind: 'connected'; readonly upstream: string }
  /** The next attempt comes after `retryMs`. */
  | { readonly kind: 'lost'; readonly reason: string; readonly retryMs: number }
  /** Another log, or one that was rolled back: readers are told. */
  | { readonly kind: 'reset'; readonly epoch: string }

/** Options of `openRelayBroker`. */
export interface RelayBrokerOptions {
  /** The upstream hub: `http://HOST:PORT`, `https://HOST:PORT` or `unix:/PATH`. */
  readonly url: string
  /**
   * A token of the upstream with `"admin": true`. A function is asked on every connection: tokens
   * expire, and the stream with them. Default: none, for an upstream in development mode.
   */
  readonly token?: string | (() => string | undefined) | undefined
  /** Keep the newest entries, up to so many bytes of text. Default 8 MiB. */
  readonly windowBytes?: number | undefined
  /** Bytes of appends that may wait; more are `HL_BROKER_THROTTLED`. Default 64 MiB. */
  readonly maxPendingBytes?: number | undefined
  /** An answer that takes longer counts as lost; an append is tried again until then. Default 10,000. */
  readonly requestTimeoutMs?: number | undefined
  /** How long opening waits for the upstream. Default 30,000. */
  readonly connectTimeoutMs?: number | undefined
  /** The longest wait between two attempts to connect, jitter not counted. Default 5,000. */
  readonly maxRetryMs?: number | undefined
  /** Numbers in [0, 1), for jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined
  /** Default: nothing is reported. Must not throw. */
  readonly onReport?: ((report: RelayReport) => void) | undefined
}

export interface ResolvedRelayOptions {
  readonly address: UpstreamAddress
  readonly token: () => string | undefined
  readonly windowBytes: number
  readonly maxPendingBytes: number
  readonly requestTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly maxRetryMs: number
  readonly random: () => number
  readonly onReport: (report: RelayReport) => void
}

/** Fills the defaults. Throws `HL_RELAY_URL`, `HL_BROKER_OPTION`. */
export function resolveRelayOptions(options: RelayBrokerOptions): ResolvedRelayOptions {
  const address = parseUpstreamUrl(options.url)
  if (address === undefined) throw new HeartlineError(relayErrors.urlInvalid, { url: options.url })
  const integer = (name: keyof RelayBrokerOptions, fallback: number): number =>
    requireInteger(name, (options[name] as number | undefined) ?? fallback, 1)
  return {
    address,
    token: toFunction(options.token),
    windowBytes: integer('windowBytes', 8 * 1024 * 1024),
    maxPendingBytes: integer('maxPendingBytes', 64 * 1024 * 1024),
    requestTimeoutMs: integer('requestTimeoutMs', 10_000),
    connectTimeoutMs: integer('connectTimeoutMs', 30_000),
    maxRetryMs: integer('maxRetryMs', 5_000),
    random: options.random ?? Math.random,
    onReport: options.onReport ?? ((): void => {}),
  }
}

function toFunction(token: RelayBrokerOptions['token']): () => string | undefined {
  return typeof token === 'function' ? token : () => token
}
