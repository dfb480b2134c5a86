import type { Entry, NewEntry, Position } from './broker.ts'

const SURROGATE = /\p{Surrogate}/u

/**
 * Text as every log gives it back. UTF-8 has no form for half of a surrogate pair, so each lone
 * half becomes U+FFFD, in memory as on a disk: a reader sees the same whatever the broker is.
 */
export function toWellFormed(text: string): string {
  return SURROGATE.test(text) ? Buffer.from(text, 'utf8').toString('utf8') : text
}

/** The size that limits and retention count: the UTF-8 bytes of an entry's texts. */
export function entryBytes(entry: NewEntry): number {
  let bytes = Buffer.byteLength(entry.data)
  for (const topic of entry.topics) bytes += Buffer.byteLength(topic)
  if (entry.type !== undefined) bytes += Buffer.byteLength(entry.type)
  if (entry.key !== undefined) bytes += Buffer.byteLength(entry.key)
  if (entry.publishId !== undefined) bytes += Buffer.byteLength(entry.publishId)
  return bytes
}

/** What is stored for a new entry: a copy that the caller cannot change any more. */
export function toEntry(entry: NewEntry, position: Position): Entry {
  const { type, key, publishId } = entry
  return {
    position,
    topics: entry.topics.map(toWellFormed),
    data: toWellFormed(entry.data),
    type: type === undefined ? undefined : toWellFormed(type),
    key: key === undefined ? undefined : toWellFormed(key),
    private: entry.private === true ? true : undefined,
    retry: entry.retry,
    publishId: publishId === undefined ? undefined : toWellFormed(publishId),
  }
}
