import type {
  AppendResult,
  Durability,
  Entry,
  LogState,
  NewEntry,
  Position,
} from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import { relayErrors } from './errors.ts'

/** The routes of the log, and the words of its stream. Both sides take them from here. */
export const LOG_PATH = '/v1/log'

/** Control events of the stream of the log. Everything else is a batch of entries. */
export const LOG_EVENTS = {
  /** First of all: the log, and whether what follows comes right after the cursor that was given. */
  log: 'heartline.log',
  live: 'heartline.live',
  stale: 'heartline.stale',
  reset: 'heartline.reset',
} as const

/** What an upstream says of its log. */
export interface LogHead extends LogState {
  readonly durability: Durability
  /** Names the process that answers: what it remembers ends with it. */
  readonly instance: string
}

/** What `heartline.log` says. */
export interface LogGreeting extends LogHead {
  /** False: what was before `last` is not what the relay knows. */
  readonly continues: boolean
}

/** Several appends in one request. Each is stored whole or not at all, in this order. */
export interface AppendGroup {
  /** Names the relay. With `seq` it names the request, so that a repeat is not stored twice. */
  readonly relay: string
  readonly seq: number
  /** In a repeat: the instance that may have stored the first attempt. */
  readonly instance?: string | undefined
  readonly appends: readonly (readonly NewEntry[])[]
}

/** What became of one append of a group: results, or a problem document. */
export interface AppendOutcome {
  readonly results?: readonly AppendResult[] | undefined
  readonly problem?: Readonly<Record<string, unknown>> | undefined
}

/** The text of one entry, an item of a batch. */
export function encodeEntry(entry: Entry): string {
  const { position, topics, data, type, key, private: isPrivate, retry, publishId } = entry
  const { ms, offset } = position
  return JSON.stringify({
    ms,
    offset,
    topics,
    data,
    type,
    key,
    private: isPrivate,
    retry,
    publishId,
  })
}

/** The text of what is appended. Later changes to the objects change nothing. */
export function encodeNewEntry(entry: NewEntry): string {
  const { topics, data, type, key, private: isPrivate, retry, publishId } = entry
  return JSON.stringify({ topics, data, type, key, private: isPrivate, retry, publishId })
}

/** Entries as `encodeEntry` wrote them. Throws `HL_RELAY_MALFORMED`. */
export function decodeEntries(items: unknown): Entry[] {
  if (!Array.isArray(items)) throw malformed('a list of entries was expected')
  return items.map(toEntry)
}

function toEntry(item: Partial<Entry & Position> | null): Entry {
  const { ms, offset, topics, data, type, key, private: isPrivate, retry, publishId } = item ?? {}
  if (!isOffset(offset) || !Array.isArray(topics) || typeof data !== 'string') {
    throw malformed('an entry without offset, topics or data')
  }
  return {
    position: { ms: Number(ms), offset },
    topics,
    data,
    type,
    key,
    private: isPrivate,
    retry,
    publishId,
  }
}

/** A state as it comes from the upstream. Throws `HL_RELAY_MALFORMED`. */
export function decodeState(value: unknown): LogState {
  const { epoch, base, last } = (value ?? {}) as Partial<LogState>
  if (typeof epoch !== 'string' || !isOffset(base?.offset) || !isOffset(last?.offset)) {
    throw malformed('a state without epoch, base or last')
  }
  return { epoch, base: toPosition(base), last: toPosition(last) }
}

/** Throws `HL_RELAY_MALFORMED`. */
export function decodeHead(value: unknown): LogHead {
  const { durability, instance } = (value ?? {}) as Partial<LogHead>
  if (durability === undefined || typeof instance !== 'string') {
    throw malformed('a head without durability or instance')
  }
  return { ...decodeState(value), durability, instance }
}

/** Parses text. Throws `HL_RELAY_MALFORMED`. */
export function decodeJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new HeartlineError(relayErrors.malformed, { reason: 'it is not JSON' }, cause)
  }
}

function toPosition({ ms, offset }: Position): Position {
  return { ms: Number(ms), offset }
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function malformed(reason: string): HeartlineError {
  return new HeartlineError(relayErrors.malformed, { reason })
}
