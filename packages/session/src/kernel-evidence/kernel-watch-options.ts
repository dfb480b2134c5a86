import { systemClock, type Clock } from '../clock.ts'
import { checkNumber } from '../options.ts'
import type { Session } from '../session.ts'

/** What is watched: a `Set` or the values of a `Map` will do. Asked anew in every round. */
export interface WatchedSessions extends Iterable<Session> {
  readonly size: number
}

/** What one look at all connections found. */
export interface KernelRound {
  /** From the first read to the last one, in milliseconds. Most of it is the kernel's work. */
  readonly durationMs: number
  /** Sessions whose peer does not answer at present. */
  readonly suspects: number
  /** Sessions ended with `unreachable` in this round. */
  readonly ended: number
}

/** Options of `createKernelWatch`. Only `sessions` is needed. */
export interface KernelWatchOptions {
  readonly sessions: WatchedSessions
  /**
   * A session whose peer acknowledged nothing for so long, although the kernel sent it bytes at
   * least three times, ends with `unreachable`. Default 10,000.
   */
  readonly maxUnacknowledgedMs?: number | undefined
  /**
   * Time between two looks. While somebody is suspected it is at most a second; from 13,000
   * connections a second on it is longer. Default 3,750: with heartbeats each 15 s a peer that is
   * gone is suspected a fourth of an interval after it missed one.
   */
  readonly roundMs?: number | undefined
  /**
   * What is read of the tables in a second at most, above 0. Counted in bytes: the time of a look
   * also says how busy the machine is with other things. Default 2,000,000: about 13,000
   * connections, a twentieth of a core. Processes that share a machine may share that.
   */
  readonly maxBytesPerSecond?: number | undefined
  /** Told after each round. Must not throw. */
  readonly onRound?: ((round: KernelRound) => void) | undefined
  /** Told once, with the reason, when this system shows no such tables. Must not throw. */
  readonly onUnavailable?: ((error: Error) => void) | undefined
  /** Default: the one of the process. */
  readonly clock?: Clock | undefined
  /** Files to read. Default: the tables of the network namespace of this process. */
  readonly tables?: readonly string[] | undefined
  /**
   * File with the counters of the kernel: while they say that nothing was sent in vain, no table is
   * read. Empty: none. Default: the one of that namespace, none when `tables` are given.
   */
  readonly counters?: string | undefined
}

/** With every default filled in. */
export type ResolvedKernelWatchOptions = Readonly<
  Required<{ [Name in keyof KernelWatchOptions]: Exclude<KernelWatchOptions[Name], undefined> }>
>

/** What an option is that is not given. */
export const kernelWatchDefaults: Readonly<Omit<ResolvedKernelWatchOptions, 'sessions'>> =
  Object.freeze({
    maxUnacknowledgedMs: 10_000,
    roundMs: 3_750,
    maxBytesPerSecond: 2_000_000,
    onRound: () => {},
    onUnavailable: () => {},
    clock: systemClock,
    tables: Object.freeze(['/proc/self/net/tcp', '/proc/self/net/tcp6']),
    counters: '/proc/self/net/netstat',
  })

/** Fills in the defaults. Throws `HL_OPTION_INVALID` for a value out of bounds. */
export function resolveKernelWatchOptions(options: KernelWatchOptions): ResolvedKernelWatchOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const resolved: ResolvedKernelWatchOptions = {
    ...kernelWatchDefaults,
    ...Object.fromEntries(given),
    sessions: options.sessions,
    // Tables of elsewhere have nothing to do with the counters of this process.
    counters:
      options.counters ?? (options.tables === undefined ? kernelWatchDefaults.counters : ''),
  }
  checkNumber('maxUnacknowledgedMs', resolved.maxUnacknowledgedMs)
  checkNumber('roundMs', resolved.roundMs)
  checkNumber('maxBytesPerSecond', resolved.maxBytesPerSecond)
  return resolved
}

/** A look for each fourth of a heartbeat, at least every 5 s, at most four a second. */
export function kernelRoundMs(heartbeatMs: number): number {
  return heartbeatMs === 0 ? 5_000 : Math.min(5_000, Math.max(250, heartbeatMs / 4))
}
