import type { Entry } from '@heartline/broker'
import type { Cohort, CohortMember } from './cohort.ts'
import type { LatestValues } from './latest-values.ts'
import type { NamespaceTable } from './namespace.ts'

/** What becomes of an entry in a replay: sent, passed over, or kept back and admitted as a gap. */
export type Verdict = 'send' | 'skip' | 'withhold'

/** Decides what a returning reader is given of the history it is owed. */
export class ReplayFilter {
  readonly #cohort: Cohort<CohortMember>
  readonly #namespaces: NamespaceTable
  readonly #latest: LatestValues
  /** When collapsing: the newest offset of each key. */
  #newest: Map<string, number> | undefined

  constructor(
    cohort: Cohort<CohortMember>,
    rules: { readonly namespaces: NamespaceTable; readonly latest: LatestValues },
  ) {
    this.#cohort = cohort
    this.#namespaces = rules.namespaces
    this.#latest = rules.latest
  }

  judge(entry: Entry): Verdict {
    const topics = entry.topics.filter((topic) => this.#cohort.wantsOn(entry, topic))
    if (topics.length === 0) return 'skip'
    const { offset } = entry.position
    if (this.#newest !== undefined && this.#newest.get(keyOf(entry)) !== offset) return 'skip'
    if (this.#latest.isSuperseded(entry, topics, this.#cohort)) return 'skip'
    return topics.some((topic) => this.#isReplayable(entry, topic)) ? 'send' : 'withhold'
  }

  /** First pass of a collapse: remembers the entry as the newest of its key so far. */
  note(entry: Entry): void {
    this.#newest ??= new Map()
    if (this.#cohort.wants(entry)) this.#newest.set(keyOf(entry), entry.position.offset)
  }

  /** From here on nothing is left out. */
  endCollapse(): void {
    this.#newest = undefined
  }

  #isReplayable(entry: Entry, topic: string): boolean {
    const { history, historyMaxAgeMs } = this.#namespaces.ofTopic(topic)
    const isTooOld = historyMaxAgeMs > 0 && entry.position.ms < Date.now() - historyMaxAgeMs
    return history !== 'none' && !isTooOld
  }
}

/** Without a key, an event is the latest of its first topic. */
function keyOf(entry: Entry): string {
  return entry.key ?? entry.topics[0] ?? ''
}
