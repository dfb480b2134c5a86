import type { Broker, Entry, Position } from '@heartline/broker'
import { encodePosition, HeartlineError } from '@heartline/wire'
import { Cohort, type CohortMember, type CohortTerms } from './cohort.ts'
import type { HistoryReader } from './history-reader.ts'
import type { LatestValues } from './latest-values.ts'
import type { LogFollower } from './log-follower.ts'
import type { NamespaceTable } from './namespace.ts'
import { ReplayFilter } from './replay-filter.ts'
import { findStart } from './starting-point.ts'
import type { HistoryEvent, HistoryPage } from './subscription.ts'

/** A question reads at most so many pages of the log: matches may be rare. */
const MAX_PAGES = 20
/** Retention may remove what a question is about to read, again and again. */
const ATTEMPTS = 5

/** What an answer is made from. */
export interface HistorySource {
  readonly broker: Broker
  readonly follower: LogFollower
  readonly history: HistoryReader
  readonly namespaces: NamespaceTable
  readonly latest: LatestValues
}

/** Answers one page of the log. @throws HeartlineError the broker's errors */
export async function readHistoryPage(
  source: HistorySource,
  terms: CohortTerms,
  from: string,
  limit: number,
): Promise<HistoryPage> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await new Question(source, terms, limit).answer(from)
    } catch (error) {
      // Trimmed while it was read: the next look at the start says so with a gap.
      const isExpired = error instanceof HeartlineError && error.code === 'HL_CURSOR_EXPIRED'
      if (!isExpired || attempt === ATTEMPTS) throw error
    }
  }
}

class Question {
  readonly #source: HistorySource
  readonly #cohort: Cohort<CohortMember>
  readonly #filter: ReplayFilter
  readonly #limit: number
  readonly #found: Entry[] = []

  constructor(source: HistorySource, terms: CohortTerms, limit: number) {
    this.#source = source
    this.#cohort = new Cohort('', terms)
    this.#filter = new ReplayFilter(this.#cohort, source)
    this.#limit = limit
  }

  async answer(from: string): Promise<HistoryPage> {
    const { broker, follower } = this.#source
    const start = await findStart(broker, from)
    const { epoch, position: until } = follower
    const next = await this.#collect(start.after, until)
    return {
      ...(start.gap === undefined ? {} : { gap: start.gap }),
      events: this.#found.map((entry) => toHistoryEvent(entry, epoch, this.#cohort)),
      next: encodePosition(epoch, next),
      done: next.offset >= until.offset,
    }
  }

  /** Answers the place up to which it looked. */
  async #collect(start: Position, until: Position): Promise<Position> {
    const { selectors } = this.#cohort.terms
    let place = start
    let after = start.offset
    for (let pages = 0; pages < MAX_PAGES && after < until.offset; pages++) {
      const page = await this.#source.history.read(after, until.offset, selectors)
      for (const { entry } of page.frames) {
        place = entry.position
        if (this.#filter.judge(entry) !== 'send') continue
        this.#found.push(entry)
        if (this.#found.length >= this.#limit) return place
      }
      after = page.through
    }
    if (after === until.offset) return until
    return after === place.offset ? place : this.#positionAt(after, place)
  }

  /** A cursor needs the entry's own time, and the page may have ended at one that did not match. */
  async #positionAt(offset: number, otherwise: Position): Promise<Position> {
    const page = await this.#source.history.read(offset - 1, offset, ['**'])
    return page.frames[0]?.entry.position ?? otherwise
  }
}

function toHistoryEvent(entry: Entry, epoch: string, cohort: Cohort<CohortMember>): HistoryEvent {
  return {
    id: encodePosition(epoch, entry.position),
    // Other topics of the event are none of this reader's business.
    topics: entry.topics.filter((topic) => cohort.wantsOn(entry, topic)),
    data: entry.data,
    ...(entry.type === undefined ? {} : { type: entry.type }),
    ...(entry.key === undefined ? {} : { key: entry.key }),
    ...(entry.private === true ? { private: true } : {}),
    at: entry.position.ms,
  }
}
