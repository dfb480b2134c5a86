import { resolveNumbers } from '../numbers.ts'
import type { OutboxEntry, OutboxStore } from './outbox-store.ts'
import type { Outbox } from './outbox.ts'
import { Publisher, type PublisherLimits } from './publisher.ts'

/** How an outbox is bounded. */
export interface OutboxOptions {
  /** The most calls of `publish` that wait. Default 1,000. */
  readonly maxWaiting?: number | undefined
  /** A request without an answer is sent again after so long. Default 20,000. */
  readonly timeoutMs?: number | undefined
}

const DEFAULTS: PublisherLimits = { maxWaiting: 1000, timeoutMs: 20_000 }

/**
 * An outbox that keeps its entries in a store of your own. Clients may share it: each sends what it
 * published, and what was left by those that are closed.
 *
 * @throws HeartlineError `HL_CLIENT_OPTION_INVALID`
 */
export function createOutbox(store: OutboxStore, options?: OutboxOptions): Outbox {
  const limits = resolveNumbers(DEFAULTS, options)
  const taken = new Set<string>()
  return { open: (setup) => new Publisher({ ...setup, ...limits, store, taken }) }
}

/**
 * An outbox that lives as long as the object.
 *
 * @throws HeartlineError `HL_CLIENT_OPTION_INVALID`
 */
export function memoryOutbox(options?: OutboxOptions): Outbox {
  return createOutbox(memoryStore(), options)
}

/** What waits when one client ends is sent by the next one with the same outbox. */
function memoryStore(): OutboxStore {
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
