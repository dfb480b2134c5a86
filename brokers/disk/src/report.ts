import type { Position, RecoveryReport } from '@heartline/broker'

/** What a disk broker tells its owner, for a log. */
export type DiskReport =
  /** The store is open. */
  | { readonly type: 'opened'; readonly epoch: string; readonly recovery: RecoveryReport }
  /** Retention removed everything up to `base`. */
  | { readonly type: 'trimmed'; readonly base: Position; readonly entries: number }
  /** Appends are refused from now on: the disk is full. */
  | { readonly type: 'full'; readonly freeBytes: number; readonly reserveBytes: number }
  /** A write failed; nothing more is written until the store was opened again. */
  | { readonly type: 'failed'; readonly reason: string }
  /** Appends are possible again. */
  | { readonly type: 'writable' }
