import { type AppendResult, type PublishWindow, type TailGroup } from '@heartline/broker'
import { CommitPlan, type SizedNewEntry } from './commit-plan.ts'
import type { Change } from './engine.ts'
import type { LogHead } from './head.ts'
import { metaKey } from './keys.ts'
import type { ResolvedDiskBrokerOptions } from './options.ts'
import { WriteQueue, type WriteGroup } from './write-queue.ts'
import type { WriteGate } from './write-gate.ts'

/** What the writer works on. */
export interface WriterParts {
  readonly gate: WriteGate
  readonly head: LogHead
  readonly ids: PublishWindow
  readonly tails: TailGroup
  /** Called after every commit. */
  readonly committed: () => void
}

/**
 * The only writer of the store: group commit.
 *
 * One commit is under way; what is asked for meanwhile goes into the next one together, so that
 * many publishers share one fsync. Positions are given in the order of the calls when the commit
 * is put together; a commit that fails gives its offsets back.
 */
export class Writer {
  readonly #options: ResolvedDiskBrokerOptions
  readonly #parts: WriterParts
  readonly #queue: WriteQueue
  #running = false
  #syncedAt = -Infinity
  #syncTimer: NodeJS.Timeout | undefined
  #idle: (() => void)[] = []

  constructor(options: ResolvedDiskBrokerOptions, parts: WriterParts) {
    this.#options = options
    this.#parts = parts
    this.#queue = new WriteQueue(options.maxPendingBytes)
  }

  append(entries: readonly SizedNewEntry[]): Promise<readonly AppendResult[]> {
    const result = this.#queue.append(entries)
    this.#start()
    return result
  }

  /** Adds changes to the next commit. Resolves when they are committed. */
  maintain(changes: readonly Change[], onCommit?: () => void): Promise<void> {
    const result = this.#queue.maintain(changes, onCommit)
    this.#start()
    return result
  }

  /** Resolves when nothing waits and no commit is under way. */
  async drain(): Promise<void> {
    while (this.#running) await new Promise<void>((resolve) => this.#idle.push(resolve))
    clearTimeout(this.#syncTimer)
  }

  /** The time of the next entries: a clock that steps back does not take the log's time back. */
  nowMs(): number {
    return Math.max(Math.trunc(this.#options.now()), this.#parts.head.last.ms)
  }

  #start(): void {
    if (this.#running) return
    this.#running = true
    // Not now: what arrives in this turn of the event loop shares the commit.
    setImmediate(() => void this.#run())
  }

  async #run(): Promise<void> {
    while (!this.#queue.isEmpty) {
      await this.#commit()
      // Publishers that were just answered ask again in this turn: let them join.
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#running = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  async #commit(): Promise<void> {
    const group = await this.#admit(this.#queue.take())
    let plan: CommitPlan
    let results: AppendResult[][]
    try {
      plan = this.#plan()
      results = group.appends.map(({ entries }) => entries.map((entry) => plan.add(entry)))
      plan.finish()
      const changes = [...plan.changes, ...group.changes]
      if (changes.length > 0) await this.#write(changes, group.isDurable || plan.entries.length > 0)
    } catch (error) {
      return group.reject(error)
    }
    this.#apply(plan)
    group.resolveMaintenance()
    for (const [index, request] of group.appends.entries()) request.resolve(results[index] ?? [])
    this.#parts.committed()
  }

  #plan(): CommitPlan {
    const ms = this.nowMs()
    this.#parts.ids.expire(ms)
    return new CommitPlan(this.#parts.head, this.#parts.ids, ms)
  }

  /** A full disk refuses appends but not retention, which may make room. */
  async #admit(group: WriteGroup): Promise<WriteGroup> {
    if (group.appends.length === 0) return group
    const refusal = await this.#parts.gate.refusal(group.bytes)
    return refusal === undefined ? group : group.rejectAppends(refusal)
  }

  async #write(changes: Change[], matters: boolean): Promise<void> {
    const sync = matters && this.#isSyncDue()
    await this.#parts.gate.write(changes, sync)
    if (sync) this.#syncedAt = performance.now()
    else if (matters && this.#options.fsync === 'interval') this.#syncLater()
  }

  /** Tails first: when an append resolves, its entries have been handed over. */
  #apply(plan: CommitPlan): void {
    const { head, ids, tails } = this.#parts
    head.last = plan.last
    head.bytes = plan.bytes
    for (const { id, position } of plan.ids) ids.add(id, position)
    tails.publish(plan.entries)
  }

  #isSyncDue(): boolean {
    const { fsync, fsyncIntervalMs } = this.#options
    if (fsync !== 'interval') return fsync === 'always'
    return performance.now() - this.#syncedAt >= fsyncIntervalMs
  }

  /** The last appends before a silence must not wait for the next one to reach the disk. */
  #syncLater(): void {
    if (this.#syncTimer !== undefined) return
    this.#syncTimer = setTimeout(() => {
      this.#syncTimer = undefined
      this.maintain([{ type: 'put', key: metaKey('synced'), value: Buffer.of(1) }]).catch(() => {})
    }, this.#options.fsyncIntervalMs)
    this.#syncTimer.unref()
  }
}
