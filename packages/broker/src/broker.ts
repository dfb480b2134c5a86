/**
 * The port: one ordered, retained log behind hubs. The doc comments are the contract; the suite
 * in `@heartline/broker/conformance` checks every implementation against them.
 */
import type { Position } from '@heartline/wire'

export type { Position }

/**
 * What is appended. Texts come back as well-formed Unicode: half of a surrogate pair becomes
 * U+FFFD. `private: false` comes back as absent.
 */
export interface NewEntry {
  /** At least one topic; each is matched on its own, exactly, byte for byte. */
  readonly topics: readonly string[]
  /** Text, delivered as it is. */
  readonly data: string
  /** The event type on the wire. Without one, readers see `message`. */
  readonly type?: string | undefined
  /** What a latest-value reader keeps one of. Default: the first topic. */
  readonly key?: string | undefined
  /** Only for readers whose token allows one of the topics. */
  readonly private?: boolean | undefined
  /** Reconnection time told to readers, in milliseconds. */
  readonly retry?: number | undefined
  /** Makes the publish idempotent inside the broker's window. */
  readonly publishId?: string | undefined
}

/** What is in the log. */
export interface Entry extends NewEntry {
  readonly position: Position
}

export interface AppendResult {
  readonly position: Position
  /** True when this publish id was appended before: nothing was stored, the first position is told. */
  readonly duplicate: boolean
}

export interface LogState {
  /** Names one life of the log: `[a-z0-9]{1,16}`. A log whose past is gone gets a new one. */
  readonly epoch: string
  /**
   * The newest entry that retention removed, or `{ ms: 0, offset: 0 }`. Every offset in
   * `(base.offset, last.offset]` is readable. A reader whose position equals `base` missed
   * nothing. Never moves back, also not over a restart.
   */
  readonly base: Position
  /** The newest entry, or `base` when the log is empty. */
  readonly last: Position
}

export interface ReadRequest {
  /** Exclusive. Entries with a larger offset are returned. */
  readonly after: number
  /**
   * Inclusive upper offset. Default: the newest entry when the read starts; a larger one means
   * the same.
   */
  readonly until?: number | undefined
  /** Exact topics: only entries that carry one of them, so `[]` finds none. Default: all. */
  readonly topics?: readonly string[] | undefined
  /** At most so many entries. Default 500. */
  readonly maxEntries?: number | undefined
  /**
   * Stop after the entry that makes the page exceed so many bytes of text (UTF-8, every text of
   * the entry). A page always holds one entry if there is one. Default 1 MiB.
   */
  readonly maxBytes?: number | undefined
}

export interface ReadPage {
  /** In order of offset. */
  readonly entries: readonly Entry[]
  /** Everything in `(after, through]` was looked at: the `after` of the next read. */
  readonly through: number
  /** True when `through` reached the request's `until`. */
  readonly done: boolean
}

/** What a position that a reader brings back means in this log. */
export type Located =
  /** The anchor is there (or is `base`): the reader continues after it, nothing is missing. */
  | { readonly status: 'ok'; readonly resume: Position }
  /** Trimmed by retention: entries up to `resume` (= base) may be missing. */
  | { readonly status: 'expired'; readonly resume: Position }
  /**
   * The log was rolled back and no longer holds the reader's entry, or the position is from the
   * future. `resume` is the newest entry that is not younger than the reader's anchor.
   */
  | { readonly status: 'diverged'; readonly resume: Position }

/**
 * What a tail calls. Calls are never nested and may begin before `tail` has resolved. A sink may
 * append, read and close from within a call. When the broker closes, its tails end in silence.
 */
export interface TailSink {
  /** New entries in order, each exactly once, first offset = last offset handed over + 1. Must not throw. */
  entries(batch: readonly Entry[]): void
  /**
   * Whether the tail follows the log now. Called on every change; the very first call to a sink
   * is `live`, before entries that catch up.
   */
  state(state: 'live' | 'stale'): void
  /**
   * The log's past is gone, what should come next is trimmed, or the tail asked for what comes
   * after an offset that the log has not reached. The tail goes on after `state.last`.
   */
  reset(state: LogState): void
}

export interface Tail {
  /** No call to the sink happens after this returns. Idempotent. */
  close(): void
}

/** How far an acknowledged append is safe. */
export type Durability = 'memory' | 'disk' | 'replicated'

/**
 * Guarantees, the same for every implementation:
 *
 * 1. Appends have one total order. The entries of one `append` call are adjacent, and stored all
 *    or none.
 * 2. Position and durability are given together: an `append` that resolved is readable by every
 *    later `read` and survives what `durability` promises.
 * 3. The same `publishId` inside the idempotency window is applied once and answers the first
 *    position, also across a restart of a durable broker, also twice within one call.
 * 4. `tail` hands over every entry after its position exactly once and in order, or says `reset`.
 * 5. An entry is handed to tails only when it is as durable as an acknowledged one; and to the
 *    tails of the same broker object that are not still catching up, before its `append`
 *    resolves.
 * 6. Retention works in the background and never removes the newest entry for count or bytes.
 *    An id is remembered for its window whether or not its entry is still there.
 *
 * Errors are the closed set of `brokerErrors`; nothing else is thrown or rejected.
 */
export interface Broker {
  /** For logs and metrics: `memory`, `disk`, ... */
  readonly name: string
  readonly durability: Durability
  /**
   * Results are in the order of `entries`. An empty call stores nothing. Rejects with
   * `unavailable`, `ambiguous`, `tooLarge`, `throttled`, `storageFull`, `closed`.
   */
  append(entries: readonly NewEntry[]): Promise<readonly AppendResult[]>
  /** Rejects with `expired` when entries after `after` were trimmed, with `closed`, `unavailable`. */
  read(request: ReadRequest): Promise<ReadPage>
  /** The state as of the last completed append, or later. Rejects with `closed`, `unavailable`. */
  state(): Promise<LogState>
  /** Rejects with `closed`, `unavailable`. */
  locate(position: Position): Promise<Located>
  /** Follows the log after `after`. Resolves without waiting for the catch-up. */
  tail(after: number, sink: TailSink): Promise<Tail>
  /** Waits for appends under way, then refuses everything with `closed`. Idempotent. */
  close(): Promise<void>
}

/** Optional ability: whether appends are possible right now. */
export interface WritableState {
  /** Undefined when appends are possible, else the reason they are refused. */
  writable(): Promise<undefined | 'storage-full' | 'unavailable' | 'closed'>
}

/** Optional ability: what recovery found when a durable log was opened. */
export interface RecoveryReport {
  /** True when the log was closed in good order. */
  readonly clean: boolean
  /** Bytes of an unfinished write that were cut off the end. */
  readonly tornBytes: number
  /** Entries after a hole or with a broken checksum that were cut off the end. */
  readonly entriesCut: number
  readonly last: Position
}
