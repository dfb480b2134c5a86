import { brokerOptionErrors, requireInteger } from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import type { DiskReport } from './report.ts'

/** When a commit is forced to the disk itself. */
export type FsyncPolicy = 'always' | 'interval' | 'never'

/** Options of `openDiskBroker`. */
export interface DiskBrokerOptions {
  /** The folder of the store. Made when missing. One process at a time. */
  readonly directory: string
  /**
   * `always` (default): an append resolves when its data is on the disk. `interval`: at most
   * `fsyncIntervalMs` of acknowledged appends are lost with the power. `never`: the system writes
   * when it likes. All three survive the death of the process.
   */
  readonly fsync?: FsyncPolicy | undefined
  /** For `fsync: 'interval'`, in milliseconds. Default 100. */
  readonly fsyncIntervalMs?: number | undefined
  /** Keep at most so many entries. Default 1,000,000. The newest entry always stays. */
  readonly maxEntries?: number | undefined
  /** Keep entries for so many milliseconds. Default 0: without end. */
  readonly maxAgeMs?: number | undefined
  /** Keep at most so many bytes of text (UTF-8). Default 1 GiB. The newest entry always stays. */
  readonly maxBytes?: number | undefined
  /** The largest entry. Default 1 MiB. Larger ones are refused with `HL_ENTRY_TOO_LARGE`. */
  readonly maxEntryBytes?: number | undefined
  /** How long a publish id is remembered, in milliseconds. Default 5 minutes. */
  readonly publishIdWindowMs?: number | undefined
  /** Remember at most so many publish ids; beyond it the oldest is forgotten. Default 100,000. */
  readonly maxPublishIds?: number | undefined
  /** Bytes of appends that may wait; more are refused as throttled. Default 64 MiB. */
  readonly maxPendingBytes?: number | undefined
  /**
   * Free space that is left on the disk: below it appends are refused with `HL_STORAGE_FULL`, so
   * that the engine keeps room to tidy up, for which it needs up to 30 MiB for a while. Default
   * 32 MiB. 0 does not look: appends are refused when the disk really has no room.
   */
  readonly reserveBytes?: number | undefined
  /** The clock, in Unix milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined
  /** Told what happens to the store, for a log. Must not throw. */
  readonly onReport?: ((report: DiskReport) => void) | undefined
}

export interface ResolvedDiskBrokerOptions {
  readonly directory: string
  readonly fsync: FsyncPolicy
  readonly fsyncIntervalMs: number
  readonly maxEntries: number
  readonly maxAgeMs: number
  readonly maxBytes: number
  readonly maxEntryBytes: number
  readonly publishIdWindowMs: number
  readonly maxPublishIds: number
  readonly maxPendingBytes: number
  readonly reserveBytes: number
  readonly now: () => number
  readonly onReport: (report: DiskReport) => void
}

const MIB = 1024 * 1024

/** Fills the defaults. Throws `HL_BROKER_OPTION` for a value that makes no sense. */
export function resolveDiskBrokerOptions(options: DiskBrokerOptions): ResolvedDiskBrokerOptions {
  const integer = (name: IntegerOption, fallback: number, least: number): number =>
    requireInteger(name, options[name] ?? fallback, least)
  return {
    directory: requireDirectory(options.directory),
    fsync: requireFsync(options.fsync ?? 'always'),
    fsyncIntervalMs: integer('fsyncIntervalMs', 100, 1),
    maxEntries: integer('maxEntries', 1_000_000, 1),
    maxAgeMs: integer('maxAgeMs', 0, 0),
    maxBytes: integer('maxBytes', 1024 * MIB, 1),
    maxEntryBytes: integer('maxEntryBytes', MIB, 1),
    publishIdWindowMs: integer('publishIdWindowMs', 5 * 60_000, 0),
    maxPublishIds: integer('maxPublishIds', 100_000, 1),
    maxPendingBytes: integer('maxPendingBytes', 64 * MIB, 1),
    reserveBytes: integer('reserveBytes', 32 * MIB, 0),
    now: options.now ?? Date.now,
    onReport: options.onReport ?? ((): void => {}),
  }
}

type IntegerOption = {
  [Key in keyof DiskBrokerOptions]-?: NonNullable<DiskBrokerOptions[Key]> extends number
    ? Key
    : never
}[keyof DiskBrokerOptions]

function requireDirectory(directory: string): string {
  if (directory !== '' && !directory.includes('\0')) return directory
  const details = { option: 'directory', value: directory, allowed: 'the path of a folder' }
  throw new HeartlineError(brokerOptionErrors.invalidOption, details)
}

function requireFsync(fsync: FsyncPolicy): FsyncPolicy {
  if (['always', 'interval', 'never'].includes(fsync)) return fsync
  const details = { option: 'fsync', value: fsync, allowed: 'always, interval or never' }
  throw new HeartlineError(brokerOptionErrors.invalidOption, details)
}
