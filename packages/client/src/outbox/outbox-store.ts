import type { PublishEvent } from '@heartline/wire'

/** One call of `publish` that waits for its answer. */
export interface OutboxEntry {
  readonly id: string
  /** Each with its publish id, so that sending them again stores nothing twice. */
  readonly events: readonly PublishEvent[]
}

/**
 * Where an outbox keeps its entries, in order. What a durable one holds at the start of a client is
 * sent first.
 */
export interface OutboxStore {
  load(): readonly OutboxEntry[] | Promise<readonly OutboxEntry[]>
  add(entry: OutboxEntry): void | Promise<void>
  remove(id: string): void | Promise<void>
}
