import { brokerErrors } from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import { isDiskFull, messageOf, type Change, type Engine } from './engine.ts'
import { firstKeyOf, inspectLog, logBytes } from './engine-log.ts'
import type { LogHead } from './head.ts'
import { isBlockKey, offsetOfKey } from './keys.ts'
import { cutAfter } from './cut.ts'
import type { ResolvedDiskBrokerOptions } from './options.ts'
import { SpaceGuard } from './space.ts'

/** How long to wait before a store that failed is opened once more. */
const RETRY_MS = 250
/** What the engine writes beside its log when it is opened. */
const OPEN_BYTES = 4 * 1024 * 1024

type Fault = 'storage-full' | 'unavailable'

/** Decides whether the store can be written now, and mends it after a failed write. */
export class WriteGate {
  readonly #options: ResolvedDiskBrokerOptions
  readonly #engine: Engine
  readonly #head: LogHead
  readonly #space: SpaceGuard
  /** Set after a failed write: the engine's handle must not be written any more. */
  #broken: Fault | undefined
  #isFull = false
  #mending: Promise<void> | undefined
  #triedAt = -Infinity

  constructor(options: ResolvedDiskBrokerOptions, engine: Engine, head: LogHead) {
    this.#options = options
    this.#engine = engine
    this.#head = head
    this.#space = new SpaceGuard(options.directory, options.reserveBytes)
  }

  /** Whether the last write failed and the store was not opened again since. */
  get isBroken(): boolean {
    return this.#broken !== undefined
  }

  /** Why an append of so many bytes cannot be taken now. Mends what can be mended. */
  async refusal(bytes: number): Promise<HeartlineError | undefined> {
    const fault = await this.fault(bytes)
    if (fault === undefined) return undefined
    if (fault === 'storage-full') return new HeartlineError(brokerErrors.storageFull)
    return new HeartlineError(brokerErrors.unavailable, { reason: 'a write to the store failed' })
  }

  /** The same as a word. */
  async fault(bytes: number): Promise<Fault | undefined> {
    if (this.#broken !== undefined) await this.#mend()
    if (this.#broken !== undefined) return this.#broken
    const isFull = await this.#space.isFull(bytes)
    this.#setFull(isFull)
    return isFull ? 'storage-full' : undefined
  }

  /** Writes, or rejects with `storageFull`, `unavailable` or `ambiguous`. */
  async write(changes: Change[], sync: boolean): Promise<void> {
    if (this.#broken !== undefined) throw this.#error(this.#broken, undefined)
    try {
      await this.#engine.write(changes, sync)
    } catch (error) {
      await this.#failed(error)
      await this.#retry(changes, sync, error)
    }
    for (const change of changes) if (change.type === 'put') this.#space.wrote(change.value.length)
  }

  /** Notes the failure. Rejects with `ambiguous` when the commit may be there after all. */
  async #failed(error: unknown): Promise<void> {
    const reason = messageOf(error)
    const hasLanded = await this.#hasLanded()
    this.#broken = isDiskFull(error) ? 'storage-full' : 'unavailable'
    this.#options.onReport({ type: 'failed', reason })
    if (hasLanded) throw new HeartlineError(brokerErrors.ambiguous, { reason }, error)
  }

  /**
   * The engine tells the failure of its background work to the next write, when there may be room
   * again. What surely was not applied can be written to the mended store.
   */
  async #retry(changes: Change[], sync: boolean, error: unknown): Promise<void> {
    const fault = this.#broken ?? 'unavailable'
    if (fault === 'storage-full') await this.#mend()
    if (this.#broken !== undefined) {
      if (fault === 'storage-full') this.#setFull(true)
      throw this.#error(fault, error)
    }
    try {
      await this.#engine.write(changes, sync)
    } catch (again) {
      await this.#failed(again)
      throw this.#error(isDiskFull(again) ? 'storage-full' : 'unavailable', again)
    }
  }

  /**
   * Whether the commit is whole in the engine's log although it failed: then it would come back
   * with the next open if this process died now.
   */
  async #hasLanded(): Promise<boolean> {
    try {
      const { lastRecord } = await inspectLog(this.#options.directory)
      const key = firstKeyOf(lastRecord)
      return key !== undefined && isBlockKey(key) && offsetOfKey(key) > this.#head.last.offset
    } catch {
      return true
    }
  }

  #mend(): Promise<void> {
    this.#mending ??= this.#tryMend().finally(() => {
      this.#mending = undefined
    })
    return this.#mending
  }

  async #tryMend(): Promise<void> {
    if (!(await this.#isWorthTrying())) return
    this.#triedAt = performance.now()
    try {
      // What was refused must not appear after all.
      await this.#engine.reopen(async (level) => {
        await cutAfter(level, this.#head.last.offset)
      })
    } catch (error) {
      this.#broken = isDiskFull(error) ? 'storage-full' : 'unavailable'
      return
    }
    this.#broken = undefined
    if (!this.#isFull) this.#options.onReport({ type: 'writable' })
  }

  /** Opening the store writes its log into a table: without room for that it stays as it is. */
  async #isWorthTrying(): Promise<boolean> {
    if (performance.now() - this.#triedAt < RETRY_MS) return false
    if (this.#broken === 'unavailable') return true
    try {
      const { directory, reserveBytes } = this.#options
      const needed = Math.max(reserveBytes, (await logBytes(directory)) + OPEN_BYTES)
      return (await this.#space.look()) >= needed
    } catch {
      return false
    }
  }

  #setFull(isFull: boolean): void {
    if (this.#isFull === isFull) return
    this.#isFull = isFull
    const { freeBytes, reserveBytes } = this.#space
    if (isFull) this.#options.onReport({ type: 'full', freeBytes, reserveBytes })
    else this.#options.onReport({ type: 'writable' })
  }

  #error(fault: Fault, cause: unknown): HeartlineError {
    if (fault === 'storage-full') return new HeartlineError(brokerErrors.storageFull, {}, cause)
    const reason = cause === undefined ? 'a write to the store failed' : messageOf(cause)
    return new HeartlineError(brokerErrors.unavailable, { reason }, cause)
  }
}
