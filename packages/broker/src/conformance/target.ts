import type { Broker } from '../broker.ts'

/** What a test asks of the log it is given. What is absent is the broker's default. */
export interface ConformanceOptions {
  readonly maxEntries?: number | undefined
  readonly maxAgeMs?: number | undefined
  readonly maxBytes?: number | undefined
  readonly maxEntryBytes?: number | undefined
  readonly publishIdWindowMs?: number | undefined
  /** Only with the ability `clock`. */
  readonly now?: (() => number) | undefined
}

/** Makes a new, empty log. It must be possible to have several at once. */
export type CreateBroker = (options: ConformanceOptions) => Promise<Broker>

/** What this implementation can do beyond the port. */
export interface BrokerAbilities {
  /** The clock can be injected. Without it, tests of age and of backward steps are left out. */
  readonly clock: boolean
  /** By what the log is trimmed. */
  readonly retention: readonly ('count' | 'age' | 'bytes')[]
  /** For durable logs: closes the broker and opens the same log again. */
  readonly reopen?: ((broker: Broker, options: ConformanceOptions) => Promise<Broker>) | undefined
}
