import type { NewEntry } from '@heartline/broker'
import { HeartlineError, type PublishEvent } from '@heartline/wire'
import { hubErrors } from './errors.ts'
import type { NamespaceTable } from './namespace.ts'
import type { ResolvedHubOptions } from './options.ts'
import { checkTopic, typeName } from './topic.ts'

const FIELDS = new Set(['topic', 'topics', 'data', 'type', 'key', 'private', 'retry', 'publishId'])
const MAX_TOPICS = 16
const MAX_TYPE_LENGTH = 128
const MAX_KEY_LENGTH = 256
const MAX_RETRY_MS = 86_400_000
/** Control events of the protocol have such a type. */
const RESERVED_PREFIX = 'heartline.'

type Limits = Pick<ResolvedHubOptions, 'maxEventBytes' | 'maxTopicLength'>

/**
 * Checks what a publisher gave and turns it into what is stored.
 * @throws HeartlineError `HL_EVENT_*`, `HL_TOPIC_INVALID`, `HL_PUBLISH_TOO_LARGE`
 */
export function toEntry(event: PublishEvent, namespaces: NamespaceTable, limits: Limits): NewEntry {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    throw invalid('', `an object is needed, a ${typeName(event)} was given`)
  }
  const unknown = Object.keys(event).find((field) => !FIELDS.has(field))
  if (unknown !== undefined) {
    throw new HeartlineError(hubErrors.eventFieldUnknown, { field: unknown.slice(0, 64) })
  }
  const topics = toTopics(event, limits.maxTopicLength)
  const privateByNamespace = topics.some((topic) => namespaces.ofTopic(topic).private)
  return {
    topics,
    data: toData(event.data, limits.maxEventBytes),
    type: toType(event.type),
    key: toText('key', event.key, MAX_KEY_LENGTH),
    private: toFlag(event.private) || privateByNamespace,
    retry: toRetry(event.retry),
    publishId: checkPublishId(event.publishId),
  }
}

function toTopics(event: PublishEvent, maxLength: number): readonly string[] {
  if (event.topics === undefined) return [checkTopic(event.topic, maxLength)]
  if (event.topic !== undefined) throw invalid('topics', 'give either `topic` or `topics`')
  if (!Array.isArray(event.topics) || event.topics.length === 0) {
    throw invalid('topics', 'a list of at least one topic is needed')
  }
  if (event.topics.length > MAX_TOPICS) {
    throw invalid(
      'topics',
      `${event.topics.length} topics were given, at most ${MAX_TOPICS} are allowed`,
    )
  }
  return [...new Set(event.topics.map((topic) => checkTopic(topic, maxLength)))]
}

function toData(data: unknown, maxBytes: number): string {
  if (data === undefined) throw invalid('data', 'it is missing')
  const text = typeof data === 'string' ? data : toJson(data)
  if (typeof text !== 'string') throw invalid('data', `a ${typeName(data)} has no JSON text`)
  // A UTF-16 unit is at most 3 bytes: most events need no count.
  if (text.length * 3 <= maxBytes) return text
  const bytes = Buffer.byteLength(text)
  if (bytes > maxBytes) throw new HeartlineError(hubErrors.eventTooLarge, { bytes, maxBytes })
  return text
}

/** Also a cycle, a bigint or a `toJSON` that throws has no JSON text. */
function toJson(data: unknown): unknown {
  try {
    return JSON.stringify(data)
  } catch {
    return undefined
  }
}

function toType(type: unknown): string | undefined {
  const text = toText('type', type, MAX_TYPE_LENGTH)
  if (text?.startsWith(RESERVED_PREFIX) === true) throw new HeartlineError(hubErrors.typeReserved)
  return text
}

function toText(field: string, value: unknown, maxLength: number): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string')
    throw invalid(field, `a text is needed, a ${typeName(value)} was given`)
  if (value === '') throw invalid(field, 'it is empty')
  if (value.length > maxLength)
    throw invalid(field, `it has ${value.length} characters, at most ${maxLength} are allowed`)
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000\r\n]/.test(value)) throw invalid(field, 'it contains CR, LF or NUL')
  return value
}

function toFlag(value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false
  throw invalid('private', `true or false is needed, a ${typeName(value)} was given`)
}

function toRetry(value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_RETRY_MS) {
    return value as number
  }
  throw invalid('retry', `a whole number of milliseconds from 0 to ${MAX_RETRY_MS} is needed`)
}

/**
 * Checks a publish id: 1 to 128 printable ASCII characters.
 * @throws HeartlineError `HL_EVENT_INVALID`
 */
export function checkPublishId(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value)) return value
  throw invalid('publishId', '1 to 128 printable ASCII characters without spaces are needed')
}

function invalid(field: string, reason: string): HeartlineError {
  return new HeartlineError(hubErrors.eventInvalid, { field, reason })
}
