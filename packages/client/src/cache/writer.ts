import type { HeartlineError } from '@heartline/wire'
import type { Clock } from '../clock.ts'
import type { CacheRecord, CacheStore } from './cache-store.ts'
import { toCacheFailure } from './errors.ts'
import type { Values } from './values.ts'

type Act = 'read' | 'written'

/** The place of a stream is not saved later than this, whatever the store of values does. */
const PATIENCE_MS = 5000

/** Writes what changed to a store, one call at a time, and says once when it does not work. */
export class Writer {
  readonly #store: CacheStore | undefined
  readonly #values: Values
  readonly #clock: Clock
  readonly #report: (error: HeartlineError) => void
  /** The last call that was begun or waits. */
  #current: Promise<void> = Promise.resolve()
  /** A write that has not begun: it will take what changes until then. */
  #next: Promise<void> | undefined
  #hasFailed = false

  constructor(
    store: CacheStore | undefined,
    values: Values,
    world: { clock: Clock; report: (error: HeartlineError) => void },
  ) {
    this.#store = store
    this.#values = values
    this.#clock = world.clock
    this.#report = world.report
  }

  /** What the store has; nothing when it cannot be read in time. Never rejects. */
  async load(): Promise<readonly CacheRecord[]> {
    const store = this.#store
    if (store === undefined) return []
    try {
      return (await this.#inTime('read', Promise.resolve(store.load()))) ?? []
    } catch (thrown) {
      this.#failed('read', thrown)
      return []
    }
  }

  /** Resolves when everything of before the call was tried. Never rejects. */
  flush(): Promise<void> {
    this.#next ??= this.#after(() => this.#write())
    return this.#next
  }

  /** The same, but it does not wait for a store that does not answer. */
  async flushInTime(): Promise<void> {
    const flushed = this.flush()
    if (!this.#hasFailed) await this.#inTime('written', flushed)
  }

  /** Empties the store, behind what is being written. Never rejects. */
  clear(): Promise<void> {
    return this.#after(async () => {
      try {
        await this.#store?.clear()
      } catch (thrown) {
        this.#failed('written', thrown)
      }
    })
  }

  /** One call at a time. */
  #after(work: () => Promise<void>): Promise<void> {
    this.#current = this.#current.then(work)
    return this.#current
  }

  async #write(): Promise<void> {
    this.#next = undefined
    const store = this.#store
    const taken = this.#values.takeUnwritten()
    if (store === undefined || taken.changes.length === 0) return
    try {
      await store.write(taken.changes)
      this.#hasFailed = false
    } catch (thrown) {
      // Written with what comes next.
      this.#values.giveBack(taken)
      this.#failed('written', thrown)
    }
  }

  /** Undefined when it takes too long. */
  async #inTime<Result>(act: Act, work: Promise<Result>): Promise<Result | undefined> {
    let timer: unknown
    const tooLate = new Promise<undefined>((resolve) => {
      timer = this.#clock.setTimer(() => {
        this.#failed(act, new Error(`no answer for ${PATIENCE_MS} ms`))
        resolve(undefined)
      }, PATIENCE_MS)
    })
    try {
      return await Promise.race([work, tooLate])
    } finally {
      this.#clock.clearTimer(timer)
    }
  }

  #failed(act: Act, thrown: unknown): void {
    if (!this.#hasFailed) this.#report(toCacheFailure(act, thrown))
    this.#hasFailed = true
  }
}
