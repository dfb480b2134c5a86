import type { HeartlineError } from '@heartline/wire'

/** Where a connection is. Times are Unix milliseconds. */
export interface ConnectionState {
  /**
   * `idle`: not started. `waiting`: for the next attempt. `offline`: the same, and the browser says
   * that there is no network. `closed`: for good.
   */
  readonly name: 'idle' | 'connecting' | 'open' | 'waiting' | 'offline' | 'closed'
  /** When this state began. */
  readonly since: number
  /** Failures in a row so far. */
  readonly attempt: number
  /** Which of the endpoints, from 0. */
  readonly endpoint: number
  /** While waiting. */
  readonly nextRetryAt: number | undefined
  /**
   * Why the last attempt or stream ended. Of an answer that said no, `details.status` is its status
   * and `cause` the `Problem` that it gave.
   */
  readonly lastError: HeartlineError | undefined
}
