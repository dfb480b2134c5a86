import type { PublishEvent } from '../publish-event.ts'

/** One call of `publish` that waits for its answer. */
export interface OutboxEntry {
  readonly id: string
  /** Each with its publish id, so that sending them again stores nothing twice. */
  readonly events: readonly PublishEvent[]
}

/**
 * Keeps what was published until a server has it, in order. A durable one survives the end of the
 * program: what it holds at the start is sent first.
 */
export interface Outbox {
  load(): readonly OutboxEntry[] | Promise<readonly OutboxEntry[]>
  add(entry: OutboxEntry): void | Promise<void>
  remove(id: string): void | Promise<void>
}

/** Keeps entries as long as the object lives. */
export function memoryOutbox(): Outbox {
  const entries = new Map<string, OutboxEntry>()
  return {
    load: () => [...entries.values()],
    add: (entry) => {
      entries.set(entry.id, entry)
    },
    remove: (id) => {
      entries.delete(id)
    },
  }
}
