import type { Broker, NewEntry } from '@heartline/broker'
import {
  encodePosition,
  HeartlineError,
  type PublishEvent,
  type PublishResult,
} from '@heartline/wire'
import type { Counters } from './counters.ts'
import { hubErrors } from './errors.ts'
import { toEntry } from './event.ts'
import type { LogFollower } from './log-follower.ts'
import type { NamespaceTable } from './namespace.ts'
import type { ResolvedHubOptions } from './options.ts'
import type { PreparedEvents } from './prepared.ts'
import { rightsCover } from './selector.ts'

/** What publishing works with. */
export interface PublisherParts {
  readonly broker: Broker
  readonly follower: LogFollower
  readonly namespaces: NamespaceTable
  readonly counters: Counters
}

/** Checks events and appends them. */
export class Publisher {
  readonly #parts: PublisherParts
  readonly #options: ResolvedHubOptions
  readonly #underWay = new Set<Promise<unknown>>()
  #isStopped = false

  constructor(parts: PublisherParts, options: ResolvedHubOptions) {
    this.#parts = parts
    this.#options = options
  }

  /** Checks all events. Throws what refuses the first bad one. */
  prepare(events: readonly PublishEvent[], rights: readonly string[] | undefined): PreparedEvents {
    this.#requireOpen()
    const entries = events.map((event, index) => this.#check(event, index, rights))
    return entries as readonly NewEntry[] as PreparedEvents
  }

  /** Stores all or none of them. */
  async store(entries: PreparedEvents): Promise<PublishResult[]> {
    this.#requireOpen()
    if (entries.length === 0) return []
    const append = this.#parts.broker.append(entries)
    this.#underWay.add(append)
    try {
      return this.#toResults(await append)
    } finally {
      this.#underWay.delete(append)
    }
  }

  /** Refuses everything from now on. */
  stop(): void {
    this.#isStopped = true
  }

  /** Resolves when the appends under way are settled. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#underWay)
  }

  #requireOpen(): void {
    if (this.#isStopped) throw new HeartlineError(hubErrors.draining)
  }

  #check(event: PublishEvent, index: number, rights: readonly string[] | undefined): NewEntry {
    try {
      const entry = toEntry(event, this.#parts.namespaces, this.#options)
      const topic = entry.topics.find((name) => !rightsCover(rights, name))
      if (topic !== undefined) throw new HeartlineError(hubErrors.publishForbidden, { topic })
      return entry
    } catch (error) {
      if (!(error instanceof HeartlineError)) throw error
      throw new HeartlineError(error, { ...error.details, index })
    }
  }

  #toResults(appended: Awaited<ReturnType<Broker['append']>>): PublishResult[] {
    const { counters, follower } = this.#parts
    return appended.map(({ position, duplicate }) => {
      if (duplicate) counters.duplicates++
      else counters.published++
      return { id: encodePosition(follower.epoch, position), duplicate }
    })
  }
}
