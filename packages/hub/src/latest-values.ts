import type { Entry } from '@heartline/broker'
import type { Cohort, CohortMember } from './cohort.ts'
import type { NamespaceTable } from './namespace.ts'
import { isPattern, selectorMatches } from './selector.ts'

/** Who asks: what it wants differs by topic when events are private. */
type Reader = Cohort<CohortMember>

/** The newest entries of one key: a private one does not stand for the public one before it. */
interface Values {
  public: Entry | undefined
  private: Entry | undefined
}

/**
 * The newest entry of each key of latest-value topics, in memory, so that a new reader gets the
 * present state without a walk through history. Bounded: the key that was unchanged for longest goes.
 */
export class LatestValues {
  readonly #namespaces: NamespaceTable
  readonly #maxKeys: number
  readonly #byTopic = new Map<string, Map<string, Values>>()
  /** Topic and key in the order of their last change. */
  readonly #order = new Map<string, readonly [topic: string, key: string]>()

  constructor(namespaces: NamespaceTable, maxKeys: number) {
    this.#namespaces = namespaces
    this.#maxKeys = maxKeys
  }

  add(entry: Entry): void {
    for (const topic of entry.topics) {
      if (this.#isLatest(topic)) this.#set(topic, entry)
    }
  }

  /**
   * True when, in each of these topics, a newer entry that the reader is to see stands for the
   * same key.
   */
  isSuperseded(entry: Entry, topics: readonly string[], reader: Reader): boolean {
    return topics.every((topic) => {
      if (!this.#isLatest(topic)) return false
      const values = this.#byTopic.get(topic)?.get(entry.key ?? topic)
      const newest = values === undefined ? undefined : newestFor(reader, topic, values)
      return newest !== undefined && newest.position.offset > entry.position.offset
    })
  }

  /** The present values of all topics the reader asks for, in the order of the log. */
  snapshot(reader: Reader): Entry[] {
    const found = new Set<Entry>()
    for (const selector of reader.terms.selectors) {
      for (const topic of this.#topicsOf(selector)) {
        for (const values of this.#byTopic.get(topic)?.values() ?? []) {
          const newest = newestFor(reader, topic, values)
          if (newest !== undefined) found.add(newest)
        }
      }
    }
    return [...found].sort((a, b) => a.position.offset - b.position.offset)
  }

  clear(): void {
    this.#byTopic.clear()
    this.#order.clear()
  }

  *#topicsOf(selector: string): Iterable<string> {
    if (!isPattern(selector)) return yield selector
    for (const topic of this.#byTopic.keys()) if (selectorMatches(selector, topic)) yield topic
  }

  #isLatest(topic: string): boolean {
    return this.#namespaces.ofTopic(topic).history === 'latest'
  }

  #set(topic: string, entry: Entry): void {
    const key = entry.key ?? topic
    let keys = this.#byTopic.get(topic)
    if (keys === undefined) {
      keys = new Map()
      this.#byTopic.set(topic, keys)
    }
    let values = keys.get(key)
    if (values === undefined) {
      values = { public: undefined, private: undefined }
      keys.set(key, values)
    }
    put(values, entry)
    const name = `${topic}\u0000${key}`
    this.#order.delete(name)
    this.#order.set(name, [topic, key])
    if (this.#order.size > this.#maxKeys) this.#evict()
  }

  /** Some at once: a map finds its first key only behind the places of all that were deleted. */
  #evict(): void {
    let left = Math.max(1, Math.floor(this.#maxKeys / 64))
    for (const [name, [topic, key]] of this.#order) {
      this.#order.delete(name)
      const keys = this.#byTopic.get(topic)
      keys?.delete(key)
      if (keys?.size === 0) this.#byTopic.delete(topic)
      if (--left === 0) return
    }
  }
}

/** While the retained log is read, newer entries may have come already. */
function put(values: Values, entry: Entry): void {
  if (entry.private === true) {
    if (isNewer(entry, values.private) && isNewer(entry, values.public)) values.private = entry
    return
  }
  if (isNewer(entry, values.public)) values.public = entry
  // Whoever sees the private one sees the public one, too.
  if (isNewer(entry, values.private)) values.private = undefined
}

function newestFor(reader: Reader, topic: string, values: Values): Entry | undefined {
  const { private: hidden } = values
  if (hidden !== undefined && reader.wantsOn(hidden, topic)) return hidden
  return values.public !== undefined && reader.wantsOn(values.public, topic)
    ? values.public
    : undefined
}

function isNewer(entry: Entry, other: Entry | undefined): boolean {
  return other === undefined || entry.position.offset > other.position.offset
}
