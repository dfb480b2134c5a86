import type { Broker, Entry, LogState, Position, Tail, TailSink } from '@heartline/broker'

/** Told what the log brings. */
export interface FollowerListener {
  /** The next entries of the log, in order, each exactly once. */
  onEntries(batch: readonly Entry[]): void
  /** The log began a new life, or what came next was trimmed: the hub goes on at its new end. */
  onReset(previousEpoch: string): void
  /** A regular look at the log. */
  onCheck(state: LogState): void
  /** The broker's tail follows the log again, or does not any more. */
  onLive?: ((isLive: boolean) => void) | undefined
}

/** A broker that has not opened a tail after this time is asked again. */
const REOPEN_LIMIT_MS = 30_000

interface Waiting {
  readonly offset: number
  readonly isOver: () => boolean
  readonly resolve: () => void
}

/** Tails the log once for the whole hub and knows how far the hub has come. */
export class LogFollower implements TailSink {
  readonly #broker: Broker
  readonly #listener: FollowerListener
  readonly #checkMs: number
  #tail: Tail | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  #isLive = false
  #epoch = ''
  #position: Position = { ms: 0, offset: 0 }
  #behindSince: number | undefined
  #isClosed = false
  #waiting: Waiting[] = []
  #isChecking = false
  #present: Promise<LogState> | undefined
  /** Counts the tails that were asked for. */
  #attempt = 0
  /** When the newest was asked for; undefined when it is there. */
  #reopeningSince: number | undefined

  constructor(broker: Broker, listener: FollowerListener, checkMs: number) {
    this.#broker = broker
    this.#listener = listener
    this.#checkMs = checkMs
  }

  get epoch(): string {
    return this.#epoch
  }

  /** The newest entry that was handed to the hub. */
  get position(): Position {
    return this.#position
  }

  /** False while the broker says that its tail does not follow. */
  get isLive(): boolean {
    return this.#isLive
  }

  async start(): Promise<void> {
    const state = await this.#broker.state()
    this.#epoch = state.epoch
    this.#position = state.last
    this.#tail = await this.#broker.tail(state.last.offset, this)
    this.#timer = setInterval(() => void this.#check(), this.#checkMs)
    this.#timer.unref()
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#tail?.close()
    this.#release(Infinity)
  }

  /** What a tail hands over is a hint: what is known is dropped, a hole is read from the log. */
  entries(batch: readonly Entry[]): void {
    const next = this.#position.offset + 1
    const first = batch[0]?.position.offset ?? next
    if (first > next) {
      void this.#reopen()
      return
    }
    const fresh = first === next ? batch : batch.filter((entry) => entry.position.offset >= next)
    if (fresh.length > 0) this.#listener.onEntries(fresh)
  }

  /** Called by the listener for each entry, before anyone can ask for the position. */
  advance(position: Position): void {
    this.#position = position
    if (this.#waiting.length > 0) this.#release(position.offset)
  }

  /**
   * Resolves when the entry was handed to the hub, or soon after nobody waits any more. A reader
   * that comes from another hub may know entries that this one has not seen yet.
   */
  reached(offset: number, isOver: () => boolean = () => false): Promise<void> {
    if (this.#isClosed || this.#position.offset >= offset) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ offset, isOver, resolve }))
  }

  state(state: 'live' | 'stale'): void {
    this.#isLive = state === 'live'
    this.#listener.onLive?.(this.#isLive)
  }

  reset(state: LogState): void {
    const previousEpoch = this.#epoch
    this.#epoch = state.epoch
    this.#position = state.last
    this.#release(Infinity)
    this.#listener.onReset(previousEpoch)
  }

  /** The state of the log: one question for all who ask in one turn of the event loop. */
  presentState(): Promise<LogState> {
    if (this.#present === undefined) {
      this.#present = this.#broker.state()
      setImmediate(() => (this.#present = undefined))
    }
    return this.#present
  }

  /** Waits until everything that is in the log now was handed to the hub. False after `timeoutMs`. */
  async caughtUp(timeoutMs: number): Promise<boolean> {
    const { epoch, last } = await this.#broker.state()
    const deadline = Date.now() + timeoutMs
    while (epoch === this.#epoch && this.#position.offset < last.offset) {
      if (Date.now() >= deadline || this.#isClosed) return false
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return epoch === this.#epoch
  }

  #release(offset: number): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) {
      if (one.offset <= offset || one.isOver()) one.resolve()
      else this.#waiting.push(one)
    }
  }

  async #check(): Promise<void> {
    // A broker that answers late must not be asked by many looks at the same time.
    if (this.#isChecking) return
    this.#isChecking = true
    const before = this.#position.offset
    const state = await this.#broker.state().catch(() => undefined)
    this.#isChecking = false
    if (this.#isClosed) return
    this.#release(this.#position.offset)
    if (state === undefined) return
    this.#listener.onCheck(state)
    await this.#revive(before, state)
  }

  /**
   * Two looks in a row at which the tail had not moved although the log had: tail anew. The only
   * defence against a tail that died silently.
   */
  async #revive(before: number, state: LogState): Promise<void> {
    if (state.last.offset <= before || before !== this.#behindSince) {
      this.#behindSince = state.last.offset > before ? before : undefined
      return
    }
    this.#behindSince = undefined
    await this.#reopen()
  }

  /** One at a time, unless the one before hangs: what answers too late is closed again. */
  async #reopen(): Promise<void> {
    const now = performance.now()
    if (now - (this.#reopeningSince ?? -Infinity) < REOPEN_LIMIT_MS) return
    this.#reopeningSince = now
    const attempt = ++this.#attempt
    this.#tail?.close()
    this.#tail = undefined
    const tail = await this.#broker.tail(this.#position.offset, this).catch(() => undefined)
    if (this.#isClosed || attempt !== this.#attempt) {
      tail?.close()
      return
    }
    this.#reopeningSince = undefined
    this.#tail = tail
  }
}
