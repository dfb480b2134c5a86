import type { Entry } from '@heartline/broker'
import type { NamespaceTable } from './namespace.ts'

/**
 * The newest entry of each key of latest-value topics, in memory, so that a new reader gets the
 * present state without a walk through history. Bounded: the key that was unchanged for longest goes.
 */
export class LatestValues {
  readonly #namespaces: NamespaceTable
  readonly #maxKeys: number
  readonly #byTopic = new Map<string, Map<string, Entry>>()
  /** Topic and key in the order of their last change. */
  readonly #order = new Map<string, readonly [topic: string, key: string]>()

  constructor(namespaces: NamespaceTable, maxKeys: number) {
    this.#namespaces = namespaces
    this.#maxKeys = maxKeys
  }

  add(entry: Entry): void {
    for (const topic of entry.topics) {
      if (this.#namespaces.ofTopic(topic).history === 'latest') this.#set(topic, entry)
    }
  }

  /** True when a newer entry stands for the same key in each of the entry's latest-value topics. */
  isSuperseded(entry: Entry, topics: readonly string[]): boolean {
    return topics.every((topic) => {
      if (this.#namespaces.ofTopic(topic).history !== 'latest') return false
      const newest = this.#byTopic.get(topic)?.get(entry.key ?? topic)
      return newest !== undefined && newest.position.offset > entry.position.offset
    })
  }

  /** The present values of all topics that `wants` takes, in the order of the log. */
  snapshot(wants: (entry: Entry) => boolean): Entry[] {
    const found = new Set<Entry>()
    for (const values of this.#byTopic.values()) {
      for (const entry of values.values()) if (wants(entry)) found.add(entry)
    }
    return [...found].sort((a, b) => a.position.offset - b.position.offset)
  }

  clear(): void {
    this.#byTopic.clear()
    this.#order.clear()
  }

  #set(topic: string, entry: Entry): void {
    const key = entry.key ?? topic
    let values = this.#byTopic.get(topic)
    if (values === undefined) {
      values = new Map()
      this.#byTopic.set(topic, values)
    }
    // While the retained log is read, newer entries may have come already.
    if ((values.get(key)?.position.offset ?? 0) > entry.position.offset) return
    values.set(key, entry)
    const name = `${topic}\u0000${key}`
    this.#order.delete(name)
    this.#order.set(name, [topic, key])
    if (this.#order.size > this.#maxKeys) this.#evict()
  }

  #evict(): void {
    for (const [name, [topic, key]] of this.#order) {
      this.#order.delete(name)
      const values = this.#byTopic.get(topic)
      values?.delete(key)
      if (values?.size === 0) this.#byTopic.delete(topic)
      return
    }
  }
}
