import type { Broker, LogState } from '@heartline/broker'
import { createCounters, type Counters } from './counters.ts'
import { CursorFrames } from './cursor-frames.ts'
import { FanOut } from './fan-out.ts'
import { HistoryReader } from './history-reader.ts'
import { KernelEvidence } from './kernel-evidence.ts'
import { LatestLoader } from './latest-loader.ts'
import { LatestValues } from './latest-values.ts'
import { LogFollower, type FollowerListener } from './log-follower.ts'
import { NamespaceTable } from './namespace.ts'
import type { ResolvedHubOptions } from './options.ts'
import { Pacer } from './pacer.ts'
import { Publisher } from './publisher.ts'
import { QuietReaders } from './quiet-readers.ts'
import { RecentWindow } from './recent-window.ts'
import { SessionTable } from './session-table.ts'
import { SharedHistory } from './shared-history.ts'

/** A reader this many events behind the head is moved on although nothing is trimmed yet. */
const FAR = 250

/** The parts of a hub, put together: what the log says reaches those who read. */
export class Engine {
  readonly broker: Broker
  readonly namespaces: NamespaceTable
  readonly follower: LogFollower
  readonly latest: LatestValues
  readonly loader: LatestLoader
  readonly history: HistoryReader
  readonly shared: SharedHistory
  readonly window: RecentWindow
  readonly cursors: CursorFrames
  readonly counters: Counters = createCounters()
  readonly pacer: Pacer = new Pacer(() => this.fanOut.flushNow())
  readonly fanOut: FanOut
  readonly sessions: SessionTable
  readonly publisher: Publisher
  readonly kernel: KernelEvidence
  readonly #quiet: QuietReaders

  constructor(options: ResolvedHubOptions) {
    const { broker } = options
    this.broker = broker
    this.namespaces = new NamespaceTable(options)
    this.latest = new LatestValues(this.namespaces, options.maxLatestKeys)
    this.loader = new LatestLoader(broker, this.latest)
    this.window = new RecentWindow(options.recentBytes)
    this.follower = new LogFollower(broker, this.#listener(), options.logCheckMs)
    this.history = new HistoryReader(broker, this.window, this.follower)
    this.cursors = new CursorFrames(this.follower)
    this.shared = new SharedHistory(this)
    this.fanOut = new FanOut(this, options, (subscriber) => this.sessions.fellBehind(subscriber))
    this.sessions = new SessionTable(this, this.fanOut.cohorts, {
      resume: (subscriber) => this.fanOut.resume(subscriber),
      report: options.onSessionEnd,
    })
    this.publisher = new Publisher(this, options)
    this.#quiet = new QuietReaders(this.sessions, this.follower, this.cursors)
    this.kernel = new KernelEvidence(this.sessions, options)
  }

  /** Follows the log from its end. Called once. */
  async start(): Promise<void> {
    await this.follower.start()
    this.kernel.start()
    if (this.namespaces.hasLatest) await this.loader.load()
  }

  /** Does not close the broker, which may serve others. */
  stop(): void {
    this.kernel.stop()
    this.fanOut.close()
    this.follower.close()
    this.loader.stop()
  }

  #listener(): FollowerListener {
    return {
      onEntries: (batch) => this.fanOut.dispatch(batch),
      onReset: (previousEpoch) => this.#reset(previousEpoch),
      onCheck: (state) => {
        this.sessions.rest()
        this.#moveQuietReaders(state)
      },
    }
  }

  #reset(previousEpoch: string): void {
    this.window.clear()
    this.shared.clear()
    if (this.namespaces.hasLatest) this.loader.reload()
    this.sessions.restart(previousEpoch)
  }

  /** A reader on a quiet topic must not find its old place trimmed by the traffic of others. */
  #moveQuietReaders({ epoch, base, last }: LogState): void {
    // Another life of the log: the tail says so, too, and then all readers are told.
    if (epoch !== this.follower.epoch) return
    const middle = Math.floor((base.offset + last.offset) / 2)
    // While nothing is trimmed there is no hurry, and a cursor stands in for a heartbeat: an idle
    // reader would see its heartbeats come irregularly.
    this.#quiet.tell(base.offset === 0 ? Math.min(middle, last.offset - FAR) : middle)
  }
}
