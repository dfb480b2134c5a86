import {
  brokerErrors,
  TailGroup,
  type AppendResult,
  type Broker,
  type Durability,
  type Entry,
  type Located,
  type LogState,
  type NewEntry,
  type Position,
  type ReadPage,
  type ReadRequest,
  type Tail,
  type TailSink,
  type WritableState,
} from '@heartline/broker'
import { encodePosition, HeartlineError } from '@heartline/wire'
import { AppendQueue } from './append-queue.ts'
import { relayErrors } from './errors.ts'
import { LogView } from './log-view.ts'
import {
  resolveRelayOptions,
  type RelayBrokerOptions,
  type ResolvedRelayOptions,
} from './options.ts'
import { unavailable } from './problem.ts'
import type { LogGreeting } from './protocol.ts'
import { Questions, type UpstreamState } from './questions.ts'
import { RetryLadder } from './retry-ladder.ts'
import { UpstreamHttp } from './upstream-http.ts'
import { UpstreamStream, type StreamListener } from './upstream-stream.ts'

/** What the upstream has, the stream must bring within this time, or at least something of it. */
const CATCH_UP_MS = 5_000
/** How long an append waits for the stream. Only a relay that is far behind takes so long. */
const HEARD_MS = 1_000

/**
 * The log of another hub. One stream brings every entry once; what is newest is answered from
 * memory, everything else is asked. Epoch and positions are the upstream's, so a cursor means the
 * same at the hub and at each of its relays.
 *
 * Resolves when the stream stands. Throws `HL_RELAY_URL`, `HL_BROKER_OPTION`; rejects with
 * `HL_RELAY_REFUSED`, and with `HL_BROKER_UNAVAILABLE` after `connectTimeoutMs`.
 */
export async function openRelayBroker(
  options: RelayBrokerOptions,
): Promise<Broker & WritableState> {
  const broker = new RelayBroker(resolveRelayOptions(options))
  try {
    await broker.connect()
    return broker
  } catch (error) {
    await broker.close()
    throw error
  }
}

interface Connecting {
  readonly resolve: () => void
  readonly reject: (error: HeartlineError) => void
}

class RelayBroker implements Broker, WritableState, StreamListener {
  readonly name = 'relay'
  readonly #options: ResolvedRelayOptions
  readonly #http: UpstreamHttp
  readonly #questions: Questions
  readonly #appends: AppendQueue
  readonly #stream: UpstreamStream
  readonly #view: LogView
  readonly #tails: TailGroup
  #durability: Durability = 'memory'
  #instance = ''
  #isConnected = false
  #upstreamFollows = true
  #closing: Promise<void> | undefined
  #connecting: Connecting | undefined
  #lostBecause = 'not connected yet'

  constructor(options: ResolvedRelayOptions) {
    this.#options = options
    const { requestTimeoutMs: timeoutMs, maxPendingBytes, maxRetryMs, random } = options
    this.#http = new UpstreamHttp(options.address, options.token)
    this.#questions = new Questions(this.#http, timeoutMs)
    const instance = (): string => this.#instance
    this.#appends = new AppendQueue(this.#http, { maxPendingBytes, timeoutMs, instance })
    this.#stream = new UpstreamStream(this.#http, this, new RetryLadder(maxRetryMs, random))
    this.#view = new LogView(options.windowBytes)
    const read = (request: ReadRequest): Promise<ReadPage> => this.read(request)
    this.#tails = new TailGroup({ snapshot: () => this.#view.state, read })
  }

  /** The upstream's, as it said last. */
  get durability(): Durability {
    return this.#durability
  }

  async connect(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.#connecting = { resolve, reject }
        const expire = (): void => reject(unavailable(this.#lostBecause))
        timer = setTimeout(expire, this.#options.connectTimeoutMs)
        this.#stream.start()
      })
    } finally {
      clearTimeout(timer)
      this.#connecting = undefined
    }
  }

  async append(entries: readonly NewEntry[]): Promise<readonly AppendResult[]> {
    this.#requireOpen()
    if (entries.length === 0) return []
    const results = await this.#appends.append(entries)
    const last = Math.max(...results.map(({ position }) => position.offset))
    // Tails see an entry before its publisher hears of it, unless the stream is down: the entry
    // is in the log all the same.
    if (this.#isConnected) await this.#view.reached(last, HEARD_MS)
    return results
  }

  async read(request: ReadRequest): Promise<ReadPage> {
    this.#requireOpen()
    const after = Math.max(0, request.after)
    const { base, last } = this.#view
    if (after < base.offset) {
      throw new HeartlineError(brokerErrors.expired, { after: request.after, base: base.offset })
    }
    if (this.#view.covers(after)) return this.#view.read(request)
    this.#requireConnected()
    // Not beyond what the stream brought: no reader may be ahead of its own hub.
    const until = Math.min(request.until ?? last.offset, last.offset)
    return this.#questions.read({ ...request, after, until })
  }

  async state(): Promise<LogState> {
    this.#requireOpen()
    // Readers that come back while the upstream is gone are served from what is known.
    if (!this.#isConnected) return this.#view.state
    try {
      return await this.#freshState(await this.#questions.state())
    } catch (error) {
      if (this.#isConnected || this.#closing !== undefined) throw error
      return this.#view.state
    }
  }

  async locate(position: Position): Promise<Located> {
    this.#requireOpen()
    const located = this.#view.locate(position)
    if (located !== undefined) return located
    this.#requireConnected()
    return this.#questions.locate(position)
  }

  async tail(after: number, sink: TailSink): Promise<Tail> {
    this.#requireOpen()
    return this.#tails.open(after, sink)
  }

  async writable(): Promise<undefined | 'storage-full' | 'unavailable' | 'closed'> {
    if (this.#closing !== undefined) return 'closed'
    if (!this.#isConnected) return 'unavailable'
    const { refusal } = await this.#questions.state()
    return refusal === 'closed' ? 'unavailable' : refusal
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  cursor(): string | undefined {
    const { epoch, last } = this.#view
    return epoch === '' ? undefined : encodePosition(epoch, last)
  }

  onLog(greeting: LogGreeting): void {
    const isFirst = this.#view.epoch === ''
    this.#durability = greeting.durability
    this.#instance = greeting.instance
    if (isFirst) this.#view.reset(greeting)
    else if (!greeting.continues) this.onReset(greeting)
    this.#view.noteBase(greeting.base)
    this.#isConnected = true
    this.#upstreamFollows = true
    this.#tellFollowing()
    this.#options.onReport({ kind: 'connected', upstream: this.#options.address.url })
    this.#connecting?.resolve()
  }

  onEntries(batch: readonly Entry[]): void {
    const next = this.#view.last.offset + 1
    const first = batch[0]?.position.offset ?? next
    if (first > next) return this.#stream.restart(`entry ${first} came instead of ${next}`)
    const fresh = first === next ? batch : batch.filter(({ position }) => position.offset >= next)
    this.#view.push(fresh)
    this.#tails.publish(fresh)
  }

  onReset(state: LogState): void {
    this.#view.reset(state)
    this.#tails.reset()
    this.#options.onReport({ kind: 'reset', epoch: state.epoch })
  }

  onFollowing(following: boolean): void {
    this.#upstreamFollows = following
    this.#tellFollowing()
  }

  onLost(reason: string, retryMs: number, status: number | undefined): void {
    this.#lostBecause = reason
    this.#isConnected = false
    this.#tellFollowing()
    this.#view.giveUp()
    this.#options.onReport({ kind: 'lost', reason, retryMs })
    if (!isFinal(status)) return
    const { url } = this.#options.address
    this.#connecting?.reject(new HeartlineError(relayErrors.refused, { url, reason }))
  }

  /** The upstream's state, once the stream has brought what it tells of. */
  async #freshState(fresh: UpstreamState): Promise<LogState> {
    const view = this.#view
    const before = view.last.offset
    if (fresh.epoch === view.epoch) {
      view.noteBase(fresh.base)
      if (await view.reached(fresh.last.offset, CATCH_UP_MS)) return view.state
    }
    this.#requireOpen()
    // A stream that lives but brings nothing of what is there is of another log, or broken.
    const isStuck = this.#isConnected && view.last.offset === before
    if (isStuck) this.#stream.restart('it does not bring what the log has')
    throw unavailable('the stream of the log is behind')
  }

  #tellFollowing(): void {
    this.#tails.setFollowing(this.#isConnected && this.#upstreamFollows)
  }

  async #close(): Promise<void> {
    await this.#appends.idle()
    // Their publishers hear of them before the tails fall silent.
    await new Promise((resolve) => setImmediate(resolve))
    this.#stream.close()
    this.#tails.close()
    this.#view.close()
    this.#http.close()
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new HeartlineError(brokerErrors.closed)
  }

  #requireConnected(): void {
    if (!this.#isConnected) throw unavailable(this.#lostBecause)
  }
}

/** A refusal that the next attempt will not change, unlike an overload. */
function isFinal(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429
}
