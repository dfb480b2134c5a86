import { Cohort, type CohortTerms } from './cohort.ts'
import type { Frame } from './frame.ts'
import { SelectorIndex } from './selector-index.ts'
import type { Subscriber } from './subscriber.ts'

/** All cohorts, found by their terms and by topic. */
export class CohortTable {
  readonly #byKey = new Map<string, Cohort<Subscriber>>()
  readonly #index = new SelectorIndex<Cohort<Subscriber>>()

  get size(): number {
    return this.#byKey.size
  }

  [Symbol.iterator](): IterableIterator<Cohort<Subscriber>> {
    return this.#byKey.values()
  }

  /** The cohort with these terms, made when there is none. */
  take({ selectors, privateRights, tellsTopics = false }: CohortTerms): Cohort<Subscriber> {
    const key = JSON.stringify([selectors, privateRights ?? null, tellsTopics])
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const cohort = new Cohort<Subscriber>(key, { selectors, privateRights, tellsTopics })
    this.#byKey.set(key, cohort)
    for (const selector of selectors) this.#index.add(selector, cohort)
    return cohort
  }

  /** Takes the subscriber out of its cohort, and the cohort away with its last one. */
  leave(subscriber: Subscriber): void {
    const { cohort } = subscriber
    cohort.delete(subscriber)
    if (cohort.members.length > 0) return
    this.#byKey.delete(cohort.key)
    for (const selector of cohort.terms.selectors) this.#index.delete(selector, cohort)
  }

  /** Offers a frame to every cohort that matches; calls `taken` for those that took it. */
  offer(frame: Frame, taken: (cohort: Cohort<Subscriber>) => void): void {
    for (const topic of frame.entry.topics) {
      this.#index.visit(topic, (cohort) => {
        if (cohort.offer(frame)) taken(cohort)
      })
    }
  }

  /** Calls `visit` once for each subscriber whose selectors match the topic. */
  visitReaders(topic: string, visit: (subscriber: Subscriber) => void): void {
    const seen = new Set<Cohort<Subscriber>>()
    this.#index.visit(topic, (cohort) => {
      if (seen.has(cohort)) return
      seen.add(cohort)
      for (const member of cohort.members) visit(member)
    })
  }
}
