import {
  brokerErrors,
  entryBytes,
  TailGroup,
  type AppendResult,
  type Broker,
  type Durability,
  type Located,
  type LogState,
  type NewEntry,
  type Position,
  type ReadPage,
  type ReadRequest,
  type RecoveryReport,
  type Tail,
  type TailSink,
  type WritableState,
} from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import type { SizedNewEntry } from './commit-plan.ts'
import {
  resolveDiskBrokerOptions,
  type DiskBrokerOptions,
  type ResolvedDiskBrokerOptions,
} from './options.ts'
import { Reader } from './reader.ts'
import { CLEAN_ROW, openStore, type Store } from './store.ts'
import { Trimmer } from './trimmer.ts'
import { WriteGate } from './write-gate.ts'
import { Writer } from './writer.ts'

/** A broker with what was found when its store was opened. */
export interface DiskBroker extends Broker, WritableState {
  readonly recovery: RecoveryReport
}

/**
 * Opens or makes a durable log in a folder.
 *
 * Rejects with `HL_STORE_LOCKED` when another process has it open, with `HL_STORE_NOT_DIRECTORY`,
 * `HL_STORE_NOT_WRITABLE`, `HL_STORE_CORRUPT`, `HL_STORE_FORMAT`, `HL_STORE_IO` or
 * `HL_STORAGE_FULL`, and throws `HL_BROKER_OPTION` for an option that makes no sense.
 */
export async function openDiskBroker(options: DiskBrokerOptions): Promise<DiskBroker> {
  const resolved = resolveDiskBrokerOptions(options)
  const store = await openStore(resolved)
  const { epoch } = store.head
  resolved.onReport({ type: 'opened', epoch, recovery: store.recovery })
  return new OpenDiskBroker(resolved, store)
}

class OpenDiskBroker implements DiskBroker {
  readonly name = 'disk'
  readonly durability: Durability
  readonly recovery: RecoveryReport
  readonly #options: ResolvedDiskBrokerOptions
  readonly #store: Store
  readonly #gate: WriteGate
  readonly #reader: Reader
  readonly #tails: TailGroup
  readonly #writer: Writer
  readonly #trimmer: Trimmer
  readonly #ageTimer: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined

  constructor(options: ResolvedDiskBrokerOptions, store: Store) {
    const { engine, head, ids, recovery } = store
    // Without a forced write an acknowledged append survives the process, but not the power.
    this.durability = options.fsync === 'always' ? 'disk' : 'memory'
    this.recovery = recovery
    this.#options = options
    this.#store = store
    this.#gate = new WriteGate(options, engine, head)
    this.#reader = new Reader(engine, head)
    const read = (request: ReadRequest): Promise<ReadPage> => this.#reader.read(request)
    this.#tails = new TailGroup({ snapshot: () => head.state, read })
    const committed = (): void => this.#trimmer.poke()
    this.#writer = new Writer(options, {
      gate: this.#gate,
      head,
      ids,
      tails: this.#tails,
      committed,
    })
    this.#trimmer = new Trimmer(options, { engine, head, ids, writer: this.#writer })
    this.#ageTimer = ageTimer(options.maxAgeMs, committed)
    this.#trimmer.poke()
  }

  async append(entries: readonly NewEntry[]): Promise<readonly AppendResult[]> {
    this.#requireOpen()
    if (entries.length === 0) return []
    return this.#writer.append(entries.map((entry) => this.#toSized(entry)))
  }

  async read(request: ReadRequest): Promise<ReadPage> {
    this.#requireOpen()
    return this.#reader.read(request)
  }

  async state(): Promise<LogState> {
    this.#requireOpen()
    return this.#store.head.state
  }

  async locate(position: Position): Promise<Located> {
    this.#requireOpen()
    return this.#reader.locate(position)
  }

  async tail(after: number, sink: TailSink): Promise<Tail> {
    this.#requireOpen()
    return this.#tails.open(after, sink)
  }

  async writable(): Promise<undefined | 'storage-full' | 'unavailable' | 'closed'> {
    return this.#closing === undefined ? this.#gate.fault(0) : 'closed'
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#ageTimer)
    await this.#trimmer.stop()
    await this.#writer.drain()
    this.#tails.close()
    try {
      await this.#gate.write([CLEAN_ROW], true)
    } catch {
      // A store that cannot be written is not closed in good order; the next open looks at it.
    }
    await this.#store.engine.close()
  }

  /** Copies: the caller may change its objects while the append waits. */
  #toSized(entry: NewEntry): SizedNewEntry {
    const { maxEntryBytes } = this.#options
    const bytes = entryBytes(entry)
    if (bytes <= maxEntryBytes) return { entry: { ...entry, topics: [...entry.topics] }, bytes }
    throw new HeartlineError(brokerErrors.tooLarge, { bytes, maxBytes: maxEntryBytes })
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new HeartlineError(brokerErrors.closed)
  }
}

function ageTimer(maxAgeMs: number, look: () => void): NodeJS.Timeout | undefined {
  if (maxAgeMs === 0) return undefined
  const timer = setInterval(look, Math.min(1_000, Math.max(10, maxAgeMs / 10)))
  timer.unref()
  return timer
}
