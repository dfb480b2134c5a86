import { randomEpoch, requireEpoch } from './epoch.ts'
import { requireInteger } from './errors.ts'

/** Options of `createMemoryBroker`. */
export interface MemoryBrokerOptions {
  /** Keep at most so many entries. Default 100,000. The newest entry always stays. */
  readonly maxEntries?: number | undefined
  /** Keep entries for so many milliseconds. Default 0: without end. */
  readonly maxAgeMs?: number | undefined
  /**
   * Keep at most so many bytes of text (UTF-8). Default 8 MiB: small on purpose, so that a
   * process that publishes gigabytes stays small. The newest entry always stays.
   */
  readonly maxBytes?: number | undefined
  /** The largest entry. Default 1 MiB. Larger ones are refused with `HL_ENTRY_TOO_LARGE`. */
  readonly maxEntryBytes?: number | undefined
  /** How long a publish id is remembered, in milliseconds. Default 5 minutes. */
  readonly publishIdWindowMs?: number | undefined
  /** Remember at most so many publish ids; beyond it the oldest is forgotten. Default 100,000. */
  readonly maxPublishIds?: number | undefined
  /** The clock, in Unix milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined
  /** Names this life of the log, `[a-z0-9]{1,16}`. Default: 8 random characters. */
  readonly epoch?: string | undefined
}

export interface ResolvedMemoryBrokerOptions {
  readonly maxEntries: number
  readonly maxAgeMs: number
  readonly maxBytes: number
  readonly maxEntryBytes: number
  readonly publishIdWindowMs: number
  readonly maxPublishIds: number
  readonly now: () => number
  readonly epoch: string
}

/** Fills the defaults. Throws `HL_BROKER_OPTION` for a value that makes no sense. */
export function resolveMemoryBrokerOptions(
  options: MemoryBrokerOptions,
): ResolvedMemoryBrokerOptions {
  return {
    maxEntries: requireInteger('maxEntries', options.maxEntries ?? 100_000, 1),
    maxAgeMs: requireInteger('maxAgeMs', options.maxAgeMs ?? 0, 0),
    maxBytes: requireInteger('maxBytes', options.maxBytes ?? 8 * 1024 * 1024, 1),
    maxEntryBytes: requireInteger('maxEntryBytes', options.maxEntryBytes ?? 1024 * 1024, 1),
    publishIdWindowMs: requireInteger(
      'publishIdWindowMs',
      options.publishIdWindowMs ?? 5 * 60_000,
      0,
    ),
    maxPublishIds: requireInteger('maxPublishIds', options.maxPublishIds ?? 100_000, 1),
    now: options.now ?? Date.now,
    epoch: requireEpoch(options.epoch ?? randomEpoch()),
  }
}
