import type { NewEntry } from '@heartline/broker'
import type { AppendGroup } from '@heartline/broker-relay'
import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'

const TEXTS = ['type', 'key', 'publishId'] as const

/** Entries as a body holds them. Throws `HL_BODY_INVALID`. */
export function toNewEntries(items: unknown): NewEntry[] {
  if (!Array.isArray(items)) throw invalid('a list of entries is needed')
  return items.map(toNewEntry)
}

/** A group of appends. Throws `HL_BODY_INVALID`. */
export function toAppendGroup(body: unknown): AppendGroup {
  const { relay, seq, instance, appends } = (body ?? {}) as Partial<AppendGroup>
  if (typeof relay !== 'string' || relay === '' || relay.length > 128) {
    throw invalid('relay must be a name of at most 128 characters')
  }
  if (!Number.isSafeInteger(seq)) throw invalid('seq must be a whole number')
  if (instance !== undefined && typeof instance !== 'string') {
    throw invalid('instance must be a text')
  }
  if (!Array.isArray(appends)) throw invalid('appends must be a list of lists of entries')
  return { relay, seq: seq ?? 0, instance, appends: appends.map(toNewEntries) }
}

/**
 * What cannot be stored or sent to a reader is refused. Everything else was checked by the hub
 * that took the event, with its own limits.
 */
function toNewEntry(item: unknown): NewEntry {
  const entry = (item ?? {}) as Partial<Record<keyof NewEntry, unknown>>
  const { topics, data, private: isPrivate, retry } = entry
  const areTopics = Array.isArray(topics) && topics.every((topic) => typeof topic === 'string')
  if (!areTopics || topics.length === 0) throw invalid('an entry needs a list of topics')
  if (typeof data !== 'string') throw invalid('the data of an entry must be a text')
  for (const name of TEXTS) {
    if (entry[name] !== undefined && typeof entry[name] !== 'string') {
      throw invalid(`the ${name} of an entry must be a text`)
    }
  }
  if (isPrivate !== undefined && typeof isPrivate !== 'boolean') {
    throw invalid('private must be true or false')
  }
  const isRetry = Number.isSafeInteger(retry) && (retry as number) >= 0
  if (retry !== undefined && !isRetry) throw invalid('retry must be a whole number from 0')
  return item as NewEntry
}

function invalid(reason: string): HeartlineError {
  return new HeartlineError(serverErrors.bodyInvalid, { reason })
}
