import type { Broker, ReadPage } from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import type { LatestValues } from './latest-values.ts'

const RETRY_MS = 1_000

/** Fills the latest values from the retained log: at the start, and at each new life of the log. */
export class LatestLoader {
  readonly #broker: Broker
  readonly #latest: LatestValues
  /** Counts the loads: one that is not the newest must not add what belongs to another life. */
  #generation = 0
  #loading: Promise<void> | undefined

  constructor(broker: Broker, latest: LatestValues) {
    this.#broker = broker
    this.#latest = latest
  }

  /** Resolves when the values are known. */
  async ready(): Promise<void> {
    while (this.#loading !== undefined) await this.#loading
  }

  /** Forgets all and reads anew. Rejects with the broker's errors. */
  async load(): Promise<void> {
    this.#latest.clear()
    await this.#read(++this.#generation)
  }

  /** The same in the background, until it works. Readers who need the values wait for it. */
  reload(): void {
    const generation = ++this.#generation
    this.#latest.clear()
    const loading = this.#readUntilDone(generation).finally(() => {
      if (this.#loading === loading) this.#loading = undefined
    })
    this.#loading = loading
  }

  /** Gives up what is being loaded. */
  stop(): void {
    this.#generation++
    this.#loading = undefined
  }

  async #readUntilDone(generation: number): Promise<void> {
    while (generation === this.#generation) {
      try {
        return await this.#read(generation)
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
      }
    }
  }

  async #read(generation: number): Promise<void> {
    const { base, last } = await this.#broker.state()
    let after = base.offset
    while (after < last.offset) {
      const page = await this.#page(after, last.offset)
      if (generation !== this.#generation) return
      for (const entry of page.entries) this.#latest.add(entry)
      after = page.through
    }
  }

  /** Retention goes on while the log is read: what it has removed is passed over. */
  async #page(after: number, until: number): Promise<ReadPage> {
    try {
      return await this.#broker.read({ after, until })
    } catch (error) {
      if (!(error instanceof HeartlineError) || error.code !== 'HL_CURSOR_EXPIRED') throw error
      const { base } = await this.#broker.state()
      return { entries: [], through: base.offset, done: false }
    }
  }
}
