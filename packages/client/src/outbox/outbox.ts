import type { HeartlineError, PublishEvent, PublishResult } from '@heartline/wire'
import type { Caller } from '../caller.ts'
import type { Clock } from '../clock.ts'
import type { Ladder } from '../ladder.ts'

/** What a client gives to the outbox that it publishes through. */
export interface OutboxSetup {
  readonly caller: Caller
  readonly clock: Clock
  readonly random: () => number
  readonly ladder: Ladder
  /** Another token may be had. */
  readonly canRefresh: boolean
  /** The endpoint in use. */
  readonly endpoint: () => number
  readonly onError: (error: HeartlineError) => void
}

/** Sends what one client publishes. */
export interface OutboxSender {
  /** Calls that wait for their answer. */
  readonly size: number
  /** Resolves when a server stored all of them. Rejects when it refuses them for good. */
  publish(events: readonly PublishEvent[]): Promise<readonly PublishResult[]>
  /** Sends what was kept from before, or what waits: the network may be back. */
  flush(): void
  /** What waits is rejected; a durable outbox keeps it for the next time. */
  close(): void
}

/**
 * Keeps what is published until a server has it. It is an option, so that only pages that publish
 * carry how to: see `@heartline/client/outbox`.
 */
export interface Outbox {
  /** Called once, by each client that uses it. */
  open(setup: OutboxSetup): OutboxSender
}
