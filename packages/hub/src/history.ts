import type { Broker, Entry, Position } from '@heartline/broker'
import { encodePosition } from '@heartline/wire'
import { Cohort, type CohortTerms } from './cohort.ts'
import type { Frame } from './frame.ts'
import type { HistoryReader } from './history-reader.ts'
import type { LatestValues } from './latest-values.ts'
import type { LogFollower } from './log-follower.ts'
import type { NamespaceTable } from './namespace.ts'
import { ReplayFilter } from './replay-filter.ts'
import { selectorMatches } from './selector.ts'
import { findStart } from './starting-point.ts'
import type { HistoryEvent, HistoryPage } from './subscription.ts'

/** A question reads at most so many pages of the log: matches may be rare. */
const MAX_PAGES = 20

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
  const start = await findStart(source.broker, from)
  const until = source.follower.position
  const filter = new ReplayFilter(new Cohort('', terms), source)
  const found: Entry[] = []
  let after = start.after.offset
  for (let pages = 0; pages < MAX_PAGES && after < until.offset && found.length < limit; pages++) {
    const page = await source.history.read(after, until.offset, terms.selectors)
    after = collect(page.frames, limit, (entry) => filter.judge(entry) === 'send', found)
      ? (found.at(-1)?.position.offset ?? after)
      : page.through
  }
  const next = after === start.after.offset ? start.after : await positionAt(source, after, until)
  const { epoch } = source.follower
  return {
    ...(start.gap === undefined ? {} : { gap: start.gap }),
    events: found.map((entry) => toHistoryEvent(entry, epoch, terms)),
    next: encodePosition(epoch, next),
    done: after >= until.offset,
  }
}

/** Adds what is wanted until the limit. True when the limit was reached. */
function collect(
  frames: readonly Frame[],
  limit: number,
  isWanted: (entry: Entry) => boolean,
  found: Entry[],
): boolean {
  for (const { entry } of frames) {
    if (isWanted(entry)) found.push(entry)
    if (found.length >= limit) return true
  }
  return false
}

/** A cursor needs the entry's own time: the page may have ended at an entry that did not match. */
async function positionAt(
  source: HistorySource,
  offset: number,
  until: Position,
): Promise<Position> {
  if (offset === until.offset) return until
  const page = await source.history.read(offset - 1, offset, ['**'])
  return page.frames[0]?.entry.position ?? until
}

function toHistoryEvent(entry: Entry, epoch: string, terms: CohortTerms): HistoryEvent {
  const asked = (topic: string): boolean =>
    terms.selectors.some((selector) => selectorMatches(selector, topic))
  return {
    id: encodePosition(epoch, entry.position),
    // Other topics of the event are none of this reader's business.
    topics: entry.topics.filter(asked),
    data: entry.data,
    ...(entry.type === undefined ? {} : { type: entry.type }),
    ...(entry.key === undefined ? {} : { key: entry.key }),
    ...(entry.private === true ? { private: true } : {}),
    at: entry.position.ms,
  }
}
