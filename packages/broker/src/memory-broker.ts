import { HeartlineError } from '@heartline/wire'
import type {
  AppendResult,
  Broker,
  Entry,
  Located,
  LogState,
  NewEntry,
  Position,
  ReadPage,
  ReadRequest,
  Tail,
  TailSink,
  WritableState,
} from './broker.ts'
import { entryBytes, toEntry, toWellFormed } from './entry.ts'
import { brokerErrors } from './errors.ts'
import { MemoryLog } from './internal/memory-log.ts'
import {
  resolveMemoryBrokerOptions,
  type MemoryBrokerOptions,
  type ResolvedMemoryBrokerOptions,
} from './memory-options.ts'
import { PublishWindow } from './publish-window.ts'
import { TailGroup } from './tail-group.ts'

/**
 * A log in this process's memory: for tests, for development, and for hubs whose events are worth
 * nothing after a restart. Every restart is a new epoch.
 *
 * Tails are handed an append before it resolves, in the same turn of the event loop.
 */
export function createMemoryBroker(options: MemoryBrokerOptions = {}): Broker & WritableState {
  return new MemoryBroker(resolveMemoryBrokerOptions(options))
}

// Everything below happens without a wait: that is what makes an append atomic. `async` only
// turns errors into rejections.
class MemoryBroker implements Broker, WritableState {
  readonly name = 'memory'
  readonly durability = 'memory'
  readonly #options: ResolvedMemoryBrokerOptions
  readonly #log: MemoryLog
  readonly #ids: PublishWindow
  readonly #tails: TailGroup
  #closed = false

  constructor(options: ResolvedMemoryBrokerOptions) {
    this.#options = options
    this.#log = new MemoryLog(options.epoch, options)
    this.#ids = new PublishWindow(options.publishIdWindowMs, options.maxPublishIds)
    const read = (request: ReadRequest): Promise<ReadPage> => this.read(request)
    this.#tails = new TailGroup({ snapshot: () => this.#log.state, read })
  }

  async append(entries: readonly NewEntry[]): Promise<readonly AppendResult[]> {
    this.#requireOpen()
    for (const entry of entries) this.#requireSize(entry)
    const ms = this.#nowMs()
    this.#ids.expire(ms)
    const stored: Entry[] = []
    const results = entries.map((entry) => this.#store(entry, ms, stored))
    this.#tails.publish(stored)
    this.#log.trim(ms)
    return results
  }

  async read(request: ReadRequest): Promise<ReadPage> {
    this.#refresh()
    const { base } = this.#log
    if (Math.max(0, request.after) >= base.offset) return this.#log.read(request)
    throw new HeartlineError(brokerErrors.expired, { after: request.after, base: base.offset })
  }

  async state(): Promise<LogState> {
    this.#refresh()
    return this.#log.state
  }

  async locate(position: Position): Promise<Located> {
    this.#refresh()
    return this.#log.locate(position)
  }

  async tail(after: number, sink: TailSink): Promise<Tail> {
    this.#refresh()
    return this.#tails.open(after, sink)
  }

  async writable(): Promise<undefined | 'closed'> {
    return this.#closed ? 'closed' : undefined
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#tails.close()
    this.#log.clear()
    this.#ids.clear()
  }

  #store(entry: NewEntry, ms: number, stored: Entry[]): AppendResult {
    const id = entry.publishId === undefined ? undefined : toWellFormed(entry.publishId)
    const first = id === undefined ? undefined : this.#ids.find(id)
    if (first !== undefined) return { position: first, duplicate: true }
    const position = { ms, offset: this.#log.last.offset + 1 }
    const kept = toEntry(entry, position)
    this.#log.push(kept)
    if (id !== undefined) this.#ids.add(id, position)
    stored.push(kept)
    return { position, duplicate: false }
  }

  /** A clock that steps back must not give a younger entry an older time. */
  #nowMs(): number {
    return Math.max(Math.trunc(this.#options.now()), this.#log.last.ms)
  }

  #refresh(): void {
    this.#requireOpen()
    if (this.#options.maxAgeMs > 0) this.#log.trim(this.#nowMs())
  }

  #requireOpen(): void {
    if (this.#closed) throw new HeartlineError(brokerErrors.closed)
  }

  #requireSize(entry: NewEntry): void {
    const { maxEntryBytes } = this.#options
    const bytes = entryBytes(entry)
    if (bytes <= maxEntryBytes) return
    throw new HeartlineError(brokerErrors.tooLarge, { bytes, maxBytes: maxEntryBytes })
  }
}
