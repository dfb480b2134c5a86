import type {
  AppendResult,
  Broker,
  Durability,
  Located,
  LogState,
  NewEntry,
  Position,
  ReadPage,
  ReadRequest,
  Tail,
  TailSink,
  WritableState,
} from '@heartline/broker'

/** Told of each append: how long it took, in seconds, and how it went. */
export type AppendObserver = (seconds: number, outcome: 'ok' | 'error') => void

/** A broker that passes everything on and measures its appends. */
export class TimedBroker implements Broker, WritableState {
  readonly name: string
  readonly durability: Durability
  readonly #broker: Broker & Partial<WritableState>
  readonly #observe: AppendObserver

  constructor(broker: Broker & Partial<WritableState>, observe: AppendObserver) {
    this.name = broker.name
    this.durability = broker.durability
    this.#broker = broker
    this.#observe = observe
  }

  async append(entries: readonly NewEntry[]): Promise<readonly AppendResult[]> {
    const startedAt = performance.now()
    let outcome: 'ok' | 'error' = 'error'
    try {
      const results = await this.#broker.append(entries)
      outcome = 'ok'
      return results
    } finally {
      this.#observe((performance.now() - startedAt) / 1000, outcome)
    }
  }

  read(request: ReadRequest): Promise<ReadPage> {
    return this.#broker.read(request)
  }

  state(): Promise<LogState> {
    return this.#broker.state()
  }

  locate(position: Position): Promise<Located> {
    return this.#broker.locate(position)
  }

  tail(after: number, sink: TailSink): Promise<Tail> {
    return this.#broker.tail(after, sink)
  }

  close(): Promise<void> {
    return this.#broker.close()
  }

  async writable(): Promise<Awaited<ReturnType<WritableState['writable']>>> {
    return this.#broker.writable?.()
  }
}
